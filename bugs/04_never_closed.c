/* 04 never closed
 *
 * Symptom    All results have come, and still the program does not end.
 * Cause      Nobody closes the results channel. Who reads it until it is closed waits for one more
 *            result, when no one is left to send it.
 * Schedule   Any. Every order of steps ends with the consumer alone.
 * Fix        A closer: one more thread that waits until all workers are done and then closes the
 *            channel. No worker can do it, for none knows whether it is the last.
 */
#include <fan/fan.h>

struct pool {
    struct fan_lab *lab;
    struct fan_chan *in, *out;
    struct fan_waitgroup working;
};

static void work(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        fan_chan_send(pool->out, &(uint64_t){item * 2}, NULL);
    }
    fan_waitgroup_done(&pool->working);
}

/* ---- buggy ---------------------------------------------------------------------------------- */

static void start_buggy(struct pool *pool, uint64_t workers)
{
    fan_waitgroup_add(&pool->working, (int64_t)workers);
    for (uint64_t i = 0; i < workers; i++)
        fan_go("worker", work, pool);
}

/* ---- fixed ---------------------------------------------------------------------------------- */

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
        fan_go("worker", work, pool);
    fan_go("closer", close_when_all_are_done, pool);
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
        fan_lab_expect(lab, item, item * 2);
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

FAN_EMBED_SOURCE(fan_bug_04_source);

extern const struct fan_scenario fan_bug_04;
const struct fan_scenario fan_bug_04 = {
    .id = "04",
    .name = "never_closed",
    .title = "never closed",
    .symptom = "all results have come, and still it does not end",
    .file = FAN_SOURCE_FILE,
    .source = fan_bug_04_source,
    .workers = 4,
    .items = 20,
    .contract = {.outputs = FAN_OUTPUTS_IN_ANY_ORDER},
    .variant_count = 2,
    .variants =
        {{.name = "buggy", .run = buggy, .expected_count = 1, .expected = {FAN_FINDING_DEADLOCK}},
         {.name = "fixed", .run = fixed}},
};
