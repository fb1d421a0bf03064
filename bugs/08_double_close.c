/* 08 double close
 *
 * Symptom    The work is finished, and then the program aborts: "close of closed channel".
 * Cause      Every worker closes the results channel when all are done. The first one is right, and
 *            the second one's close is a panic.
 * Schedule   Any with two workers or more. With a single worker nothing is wrong: so the tests
 *            passed. In the rare form the last worker to leave closes; but it counts itself out in
 *            one step and looks who is left in another, so that two which leave together may both
 *            find that nobody is.
 * Fix        Closing is the task of exactly one: a closer that waits until all workers are done.
 */
#include <fan/fan.h>

struct pool {
    struct fan_lab *lab;
    struct fan_chan *in, *out;
    struct fan_waitgroup working;
    uint64_t left; /* rare: workers; atomic */
};

static void square_all(struct pool *pool)
{
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        fan_chan_send(pool->out, &(uint64_t){item * item}, NULL);
    }
    fan_waitgroup_done(&pool->working);
}

/* ---- buggy ---------------------------------------------------------------------------------- */

static void work_buggy(void *argument)
{
    struct pool *pool = argument;
    square_all(pool);
    fan_waitgroup_wait(&pool->working, NULL);
    fan_chan_close(pool->out);
}

static void start_buggy(struct pool *pool, uint64_t workers)
{
    fan_waitgroup_add(&pool->working, (int64_t)workers);
    for (uint64_t i = 0; i < workers; i++)
        fan_go("worker", work_buggy, pool);
}

/* ---- fixed ---------------------------------------------------------------------------------- */

static void work_fixed(void *argument)
{
    square_all(argument);
}

static void close_when_all_are_done(void *argument)
{
    struct pool *pool = argument;
    fan_waitgroup_wait(&pool->working, NULL);
    fan_chan_close(pool->out);
}

static void start_fixed(struct pool *pool, uint64_t workers)
{
    fan_waitgroup_add(&pool->working, (int64_t)workers);
    for (uint64_t i = 0; i < workers; i++)
        fan_go("worker", work_fixed, pool);
    fan_go("closer", close_when_all_are_done, pool);
}

/* ---- rare ----------------------------------------------------------------------------------- */

static void work_rare(void *argument)
{
    struct pool *pool = argument;
    square_all(pool);
    fan_atomic_fetch_sub(&pool->left, 1, FAN_ACQ_REL);
    if (fan_atomic_load(&pool->left, FAN_ACQUIRE) == 0)
        fan_chan_close(pool->out);
}

static void start_rare(struct pool *pool, uint64_t workers)
{
    pool->left = workers;
    fan_waitgroup_add(&pool->working, (int64_t)workers);
    for (uint64_t i = 0; i < workers; i++)
        fan_go("worker", work_rare, pool);
}

/* ---- scenario ------------------------------------------------------------------------------- */

static void collect(struct fan_lab *lab, struct fan_chan *out)
{
    uint64_t result, count = 0;
    while (fan_chan_recv(out, &result, NULL) == 0) {
        fan_lab_output(lab, count++, result);
        fan_lab_result(lab);
    }
}

static void process(struct fan_lab *lab, void (*start)(struct pool *, uint64_t))
{
    struct pool *pool = fan_lab_alloc(lab, sizeof *pool);
    *pool = (struct pool){.lab = lab,
                          .in = fan_lab_inputs(lab),
                          .out = fan_lab_chan(lab, "out", sizeof(uint64_t), 4),
                          .working = {.name = "working"}};
    for (uint64_t item = 0; item < fan_lab_items(lab); item++)
        fan_lab_expect(lab, item, item * item);
    start(pool, fan_lab_workers(lab));
    collect(lab, pool->out);
}

static void buggy(struct fan_lab *lab)
{
    process(lab, start_buggy);
}

static void fixed(struct fan_lab *lab)
{
    process(lab, start_fixed);
}

static void rare(struct fan_lab *lab)
{
    process(lab, start_rare);
}

FAN_EMBED_SOURCE(fan_bug_08_source);

extern const struct fan_scenario fan_bug_08;
const struct fan_scenario fan_bug_08 = {
    .id = "08",
    .name = "double_close",
    .title = "double close",
    .symptom = "the work is finished, and then the program aborts",
    .file = FAN_SOURCE_FILE,
    .source = fan_bug_08_source,
    .workers = 4,
    .items = 20,
    .contract = {.outputs = FAN_OUTPUTS_IN_ANY_ORDER},
    .variant_count = 3,
    .variants =
        {{.name = "buggy", .run = buggy, .expected_count = 1, .expected = {FAN_FINDING_PANIC}},
         {.name = "fixed", .run = fixed},
         {.name = "rare", .run = rare, .expected_count = 1, .expected = {FAN_FINDING_PANIC}}},
};
