/* 05 head of line
 *
 * Symptom    One item is slow, and with four workers a quarter of all items waits for it.
 * Cause      The items are dealt out beforehand, a queue for each worker. What lies in the queue
 *            behind a slow item waits for it, while the other workers have long run out of work:
 *            they cannot reach that queue.
 * Schedule   Any. How long it takes depends on where the slow item lies, not on the schedule.
 * Fix        One queue that all workers take from: whoever is free takes the next item. (Where each
 *            worker has to have a queue of its own, others must be able to steal from it.)
 */
#include <fan/fan.h>

struct pool;

struct worker {
    struct pool *pool;
    struct fan_chan *in;
};

struct pool {
    struct fan_lab *lab;
    struct fan_waitgroup working;
    struct worker *workers;
    uint64_t slow;
};

/* ---- buggy ---------------------------------------------------------------------------------- */

static void deal_buggy(struct pool *pool)
{
    struct fan_lab *lab = pool->lab;
    uint64_t items = fan_lab_items(lab), count = fan_lab_workers(lab);
    uint64_t item, room = items / count + 1;
    for (uint64_t i = 0; i < count; i++)
        pool->workers[i].in = fan_lab_chan(lab, "queue", sizeof item, room);
    for (item = 0; item < items; item++)
        fan_chan_send(pool->workers[item % count].in, &item, NULL);
    for (uint64_t i = 0; i < count; i++)
        fan_chan_close(pool->workers[i].in);
}

/* ---- fixed ---------------------------------------------------------------------------------- */

static void deal_fixed(struct pool *pool)
{
    struct fan_lab *lab = pool->lab;
    uint64_t items = fan_lab_items(lab), count = fan_lab_workers(lab);
    struct fan_chan *in = fan_lab_chan(lab, "queue", sizeof items, items);
    for (uint64_t i = 0; i < count; i++)
        pool->workers[i].in = in;
    for (uint64_t item = 0; item < items; item++)
        fan_chan_send(in, &item, NULL);
    fan_chan_close(in);
}

/* ---- scenario ------------------------------------------------------------------------------- */

static void work(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    uint64_t item;
    while (fan_chan_recv(worker->in, &item, NULL) == 0) {
        if (item == pool->slow)
            fan_lab_work_slowly(pool->lab, item);
        else
            fan_lab_work(pool->lab, item);
        fan_lab_output(pool->lab, item, item);
        fan_lab_result(pool->lab);
    }
    fan_waitgroup_done(&pool->working);
}

/* One of the first, so that there is something behind it: the seed says which. */
static uint64_t choose_slow(struct fan_lab *lab)
{
    struct fan_random random = {.state = fan_lab_seed(lab)};
    uint64_t workers = fan_lab_workers(lab), items = fan_lab_items(lab);
    uint64_t followed = items > workers ? items - workers : 1;
    return fan_random_below(&random, followed < workers ? followed : workers);
}

static void process(struct fan_lab *lab, void (*deal)(struct pool *))
{
    uint64_t count = fan_lab_workers(lab);
    struct pool *pool = fan_lab_alloc(lab, sizeof *pool);
    *pool = (struct pool){.lab = lab,
                          .working = {.name = "working"},
                          .workers = fan_lab_alloc(lab, count * sizeof *pool->workers),
                          .slow = choose_slow(lab)};
    for (uint64_t item = 0; item < fan_lab_items(lab); item++)
        fan_lab_expect(lab, item, item);
    deal(pool);
    fan_waitgroup_add(&pool->working, (int64_t)count);
    for (uint64_t i = 0; i < count; i++) {
        pool->workers[i].pool = pool;
        fan_go("worker", work, &pool->workers[i]);
    }
    fan_waitgroup_wait(&pool->working, NULL);
}

static void buggy(struct fan_lab *lab)
{
    process(lab, deal_buggy);
}

static void fixed(struct fan_lab *lab)
{
    process(lab, deal_fixed);
}

FAN_EMBED_SOURCE(fan_bug_05_source);

extern const struct fan_scenario fan_bug_05;
const struct fan_scenario fan_bug_05 = {
    .id = "05",
    .name = "head_of_line",
    .title = "head of line",
    .symptom = "one item is slow, and a quarter of all wait for it",
    .file = FAN_SOURCE_FILE,
    .source = fan_bug_05_source,
    .workers = 4,
    .items = 20,
    .contract = {.outputs = FAN_OUTPUTS_IN_ANY_ORDER, .work = FAN_WORK_FOR_ANY_WORKER},
    .variant_count = 2,
    .variants = {{.name = "buggy",
                  .run = buggy,
                  .expected_count = 1,
                  .expected = {FAN_FINDING_HEAD_OF_LINE}},
                 {.name = "fixed", .run = fixed}},
};
