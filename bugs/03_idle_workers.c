/* 03 idle workers
 *
 * Symptom    All results are right, and it takes as long with eight workers as with one.
 * Cause      A worker is to guard against being started twice, but the mark that says "started" is
 *            the pool's and not its own. So the first worker does everything, and the others take
 *            themselves for second starts and leave at once.
 * Schedule   Any with two workers or more.
 * Fix        Each worker has a mark of its own, and so all of them come to the input.
 */
#include <fan/fan.h>

struct pool;

struct worker {
    struct pool *pool;
    bool started;
};

struct pool {
    struct fan_lab *lab;
    struct fan_chan *in;
    struct fan_waitgroup working;
    bool started;
    struct worker *workers;
};

static void work_through_input(struct pool *pool)
{
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        fan_lab_output(pool->lab, item, item);
        fan_lab_result(pool->lab);
    }
}

/* ---- buggy ---------------------------------------------------------------------------------- */

static void work_buggy(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    if (!fan_atomic_exchange(&pool->started, true, FAN_ACQ_REL))
        work_through_input(pool);
    fan_waitgroup_done(&pool->working);
}

/* ---- fixed ---------------------------------------------------------------------------------- */

static void work_fixed(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    if (!fan_atomic_exchange(&worker->started, true, FAN_ACQ_REL))
        work_through_input(pool);
    fan_waitgroup_done(&pool->working);
}

/* ---- scenario ------------------------------------------------------------------------------- */

/* All workers are there before the first item is. */
static void feed(struct pool *pool)
{
    for (uint64_t item = 0; item < fan_lab_items(pool->lab); item++)
        fan_chan_send(pool->in, &item, NULL);
    fan_chan_close(pool->in);
}

static void process(struct fan_lab *lab, void (*work)(void *))
{
    uint64_t count = fan_lab_workers(lab);
    struct pool *pool = fan_lab_alloc(lab, sizeof *pool);
    *pool = (struct pool){.lab = lab,
                          .in = fan_lab_chan(lab, "in", sizeof(uint64_t), fan_lab_items(lab)),
                          .working = {.name = "working"},
                          .workers = fan_lab_alloc(lab, count * sizeof *pool->workers)};
    for (uint64_t item = 0; item < fan_lab_items(lab); item++)
        fan_lab_expect(lab, item, item);
    fan_waitgroup_add(&pool->working, (int64_t)count);
    for (uint64_t i = 0; i < count; i++) {
        pool->workers[i].pool = pool;
        fan_go("worker", work, &pool->workers[i]);
    }
    feed(pool);
    fan_waitgroup_wait(&pool->working, NULL);
}

static void buggy(struct fan_lab *lab)
{
    process(lab, work_buggy);
}

static void fixed(struct fan_lab *lab)
{
    process(lab, work_fixed);
}

FAN_EMBED_SOURCE(fan_bug_03_source);

extern const struct fan_scenario fan_bug_03;
const struct fan_scenario fan_bug_03 = {
    .id = "03",
    .name = "idle_workers",
    .title = "idle workers",
    .symptom = "it takes as long with eight workers as with one",
    .file = FAN_SOURCE_FILE,
    .source = fan_bug_03_source,
    .workers = 4,
    .items = 20,
    .contract = {.outputs = FAN_OUTPUTS_IN_ANY_ORDER, .work = FAN_WORK_FOR_ANY_WORKER},
    .variant_count = 2,
    .variants = {{.name = "buggy",
                  .run = buggy,
                  .expected_count = 1,
                  .expected = {FAN_FINDING_IDLE_WORKERS}},
                 {.name = "fixed", .run = fixed}},
};
