/* 10 ignored cancel
 *
 * Symptom    The caller has long given up, and the work goes on. Later on threads are left that
 *            wait for somebody to take their results.
 * Cause      The workers are given a context and do not pass it on: neither the receive of the next
 *            item nor the send of a result can be ended by the cancel. And nobody receives any
 *            more.
 * Schedule   Any. Whenever the caller gives up, each worker goes on until it blocks in its send.
 * Fix        Every operation of a worker that may block carries the context; one that says that the
 *            context is done ends the worker.
 */
#include <fan/fan.h>

struct pool {
    struct fan_lab *lab;
    struct fan_chan *in, *out;
    struct fan_ctx wanted; /* done when nobody wants the results any more */
};

/* ---- buggy ---------------------------------------------------------------------------------- */

static void work_buggy(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        fan_chan_send(pool->out, &item, NULL);
    }
}

/* ---- fixed ---------------------------------------------------------------------------------- */

static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, &pool->wanted) == 0) {
        fan_lab_work(pool->lab, item);
        if (fan_chan_send(pool->out, &item, &pool->wanted) != 0)
            return;
    }
}

/* ---- scenario ------------------------------------------------------------------------------- */

/* The caller takes a few results, and then has what it wants. What it shares with the workers lives
 * on: they may still look at the context. */
static void process(struct fan_lab *lab, void (*work)(void *))
{
    struct pool *pool = fan_lab_alloc(lab, sizeof *pool);
    *pool = (struct pool){.lab = lab,
                          .in = fan_lab_inputs(lab),
                          .out = fan_lab_chan(lab, "out", sizeof(uint64_t), 4)};
    fan_ctx_init(&pool->wanted, &(struct fan_ctx_options){.name = "wanted"});
    for (uint64_t i = 0; i < fan_lab_workers(lab); i++)
        fan_go("worker", work, pool);
    for (uint64_t i = 0; i < fan_lab_items(lab) / 4; i++)
        if (fan_chan_recv(pool->out, NULL, NULL) == 0)
            fan_lab_result(lab);
    fan_ctx_cancel(&pool->wanted, 0);
}

static void buggy(struct fan_lab *lab)
{
    process(lab, work_buggy);
}

static void fixed(struct fan_lab *lab)
{
    process(lab, work_fixed);
}

FAN_EMBED_SOURCE(fan_bug_10_source);

extern const struct fan_scenario fan_bug_10;
const struct fan_scenario fan_bug_10 = {
    .id = "10",
    .name = "ignored_cancel",
    .title = "ignored cancel",
    .symptom = "the caller has given up, and the work goes on",
    .file = FAN_SOURCE_FILE,
    .source = fan_bug_10_source,
    .workers = 4,
    .items = 16,
    .contract = {.stops_with_context = true},
    .variant_count = 2,
    .variants = {{.name = "buggy",
                  .run = buggy,
                  .expected_count = 2,
                  .expected = {FAN_FINDING_CANCEL_IGNORED, FAN_FINDING_LEAK}},
                 {.name = "fixed", .run = fixed}},
};
