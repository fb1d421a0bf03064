/* 13 worker closes input
 *
 * Symptom    A bad item is to stop the work. It does, and then the program aborts.
 * Cause      The worker that meets the bad item closes the input, so that nothing more comes. But
 *            the input is the producer's: its next send on the closed channel is a panic, and so is
 *            its close.
 * Schedule   Any. Whether the producer is about to send or has sent all and is about to close, one
 *            of them comes after the worker's close, or that comes after the producer's.
 * Fix        A worker says that the work is to stop, by a context, and closes nothing. The producer
 *            sends with that context, and it alone closes what it sends on.
 */
#include <fan/fan.h>

struct pool {
    struct fan_lab *lab;
    struct fan_chan *in;
    struct fan_ctx stop;
    struct fan_waitgroup working;
    uint64_t sent; /* the producer's, until it is done */
};

static void give(struct fan_lab *lab, int64_t item)
{
    fan_lab_output(lab, (uint64_t)item, (uint64_t)item);
    fan_lab_result(lab);
}

/* ---- buggy ---------------------------------------------------------------------------------- */

static void work_buggy(void *argument)
{
    struct pool *pool = argument;
    int64_t item;
    while (fan_chan_recv(pool->in, &item, &pool->stop) == 0) {
        if (item < 0) {
            fan_chan_close(pool->in); /* nothing more is to come */
            break;
        }
        fan_lab_work(pool->lab, (uint64_t)item);
        give(pool->lab, item);
    }
    fan_waitgroup_done(&pool->working);
}

/* ---- fixed ---------------------------------------------------------------------------------- */

static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    int64_t item;
    while (fan_chan_recv(pool->in, &item, &pool->stop) == 0) {
        if (item < 0) {
            fan_ctx_cancel(&pool->stop, 0); /* nothing more is to come */
            break;
        }
        fan_lab_work(pool->lab, (uint64_t)item);
        give(pool->lab, item);
    }
    fan_waitgroup_done(&pool->working);
}

/* ---- scenario ------------------------------------------------------------------------------- */

/* Any but the first; the seed says which. */
static uint64_t bad_one(uint64_t items, uint64_t seed)
{
    struct fan_random random = {.state = seed};
    return items < 2 ? 0 : 1 + fan_random_below(&random, items - 1);
}

static void produce(void *argument)
{
    struct pool *pool = argument;
    uint64_t items = fan_lab_items(pool->lab);
    uint64_t bad = bad_one(items, fan_lab_seed(pool->lab));
    for (uint64_t i = 0; i < items; i++) {
        int64_t item = i == bad ? -1 : (int64_t)i;
        if (fan_chan_send(pool->in, &item, &pool->stop) != 0)
            break;
        pool->sent++;
    }
    fan_chan_close(pool->in);
    fan_waitgroup_done(&pool->working);
}

/* What a worker has taken is owed; what it has left is still there. What it owes for the bad item
 * is that all were told to stop. */
static void settle(struct pool *pool)
{
    uint64_t taken = pool->sent;
    while (fan_chan_recv(pool->in, NULL, NULL) == 0)
        taken--;
    for (uint64_t i = 0; i < taken; i++)
        fan_lab_expect(pool->lab, i, i);
    if (fan_ctx_error(&pool->stop) != 0)
        give(pool->lab, (int64_t)bad_one(fan_lab_items(pool->lab), fan_lab_seed(pool->lab)));
}

static void process(struct fan_lab *lab, void (*work)(void *))
{
    struct pool *pool = fan_lab_alloc(lab, sizeof *pool);
    *pool = (struct pool){.lab = lab,
                          .in = fan_lab_chan(lab, "in", sizeof(int64_t), 4),
                          .working = {.name = "working"}};
    fan_ctx_init(&pool->stop, &(struct fan_ctx_options){.name = "stop"});
    fan_waitgroup_add(&pool->working, (int64_t)fan_lab_workers(lab) + 1);
    fan_go("producer", produce, pool);
    for (uint64_t i = 0; i < fan_lab_workers(lab); i++)
        fan_go("worker", work, pool);
    fan_waitgroup_wait(&pool->working, NULL);
    settle(pool);
    fan_ctx_destroy(&pool->stop);
}

static void buggy(struct fan_lab *lab)
{
    process(lab, work_buggy);
}

static void fixed(struct fan_lab *lab)
{
    process(lab, work_fixed);
}

FAN_EMBED_SOURCE(fan_bug_13_source);

extern const struct fan_scenario fan_bug_13;
const struct fan_scenario fan_bug_13 = {
    .id = "13",
    .name = "worker_closes_input",
    .title = "worker closes input",
    .symptom = "a bad item stops the work; then the program aborts",
    .file = FAN_SOURCE_FILE,
    .source = fan_bug_13_source,
    .workers = 4,
    .items = 20,
    .contract = {.outputs = FAN_OUTPUTS_IN_ANY_ORDER, .stops_with_context = true},
    .variant_count = 2,
    .variants =
        {{.name = "buggy", .run = buggy, .expected_count = 1, .expected = {FAN_FINDING_PANIC}},
         {.name = "fixed", .run = fixed}},
};
