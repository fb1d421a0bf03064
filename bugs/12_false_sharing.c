/* 12 false sharing
 *
 * Symptom    With four workers it is hardly faster than with one, though no lock is in sight and no
 *            two workers touch the same data.
 * Cause      Each worker has a buffer of its own, and the buffers lie side by side in an array. One
 *            has 72 bytes, a cache line has 64: the end of one buffer and the beginning of the next
 *            share a line. Processors hand lines to each other, not bytes.
 * Schedule   Any in which two neighbours take turns. The results are right under all of them.
 * Fix        A buffer that nobody else's data lies beside: here, on the worker's own stack. (In an
 *            array: each aligned to a cache line and as long as a number of them.)
 */
#include <fan/fan.h>

#include <string.h>

enum { PAYLOAD = 64 };

struct buffer {
    uint64_t item;
    unsigned char bytes[PAYLOAD];
};

struct pool {
    struct fan_lab *lab;
    struct fan_chan *in;
    struct fan_waitgroup working;
    struct buffer *buffers; /* one for each worker */
};

struct worker {
    struct pool *pool;
    struct buffer *buffer;
};

static uint64_t fill_and_sum(struct buffer *buffer, uint64_t item)
{
    uint64_t sum = 0;
    FAN_WRITE_RANGE(buffer, sizeof *buffer);
    buffer->item = item;
    memset(buffer->bytes, (int)(item % 7), sizeof buffer->bytes);
    FAN_READ_RANGE(buffer, sizeof *buffer);
    for (int i = 0; i < PAYLOAD; i++)
        sum += buffer->bytes[i];
    return sum;
}

/* ---- buggy ---------------------------------------------------------------------------------- */

static void work_buggy(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        fan_lab_output(pool->lab, item, fill_and_sum(worker->buffer, item));
    }
    fan_waitgroup_done(&pool->working);
}

/* ---- fixed ---------------------------------------------------------------------------------- */

static void work_fixed(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    struct buffer own;
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        fan_lab_output(pool->lab, item, fill_and_sum(&own, item));
    }
    fan_waitgroup_done(&pool->working);
}

/* ---- scenario ------------------------------------------------------------------------------- */

static void process(struct fan_lab *lab, void (*work)(void *))
{
    uint64_t workers = fan_lab_workers(lab);
    struct pool *pool = fan_lab_alloc(lab, sizeof *pool);
    *pool = (struct pool){.lab = lab,
                          .in = fan_lab_inputs(lab),
                          .working = {.name = "working"},
                          .buffers = fan_lab_alloc(lab, workers * sizeof *pool->buffers)};
    for (uint64_t i = 0; i < fan_lab_items(lab); i++)
        fan_lab_expect(lab, i, i % 7 * PAYLOAD);
    fan_waitgroup_add(&pool->working, (int64_t)workers);
    for (uint64_t i = 0; i < workers; i++) {
        struct worker *worker = fan_lab_alloc(lab, sizeof *worker);
        *worker = (struct worker){pool, &pool->buffers[i]};
        fan_go("worker", work, worker);
    }
    fan_waitgroup_wait(&pool->working, NULL);
    for (uint64_t i = 0; i < fan_lab_items(lab); i++)
        fan_lab_result(lab);
}

static void buggy(struct fan_lab *lab)
{
    process(lab, work_buggy);
}

static void fixed(struct fan_lab *lab)
{
    process(lab, work_fixed);
}

FAN_EMBED_SOURCE(fan_bug_12_source);

extern const struct fan_scenario fan_bug_12;
const struct fan_scenario fan_bug_12 = {
    .id = "12",
    .name = "false_sharing",
    .title = "false sharing",
    .symptom = "four workers are hardly faster than one, and share nothing",
    .file = FAN_SOURCE_FILE,
    .source = fan_bug_12_source,
    .workers = 4,
    .items = 16,
    .contract = {.outputs = FAN_OUTPUTS_IN_ORDER, .apart = true},
    .variant_count = 2,
    .variants = {{.name = "buggy",
                  .run = buggy,
                  .expected_count = 1,
                  .expected = {FAN_FINDING_FALSE_SHARING}},
                 {.name = "fixed", .run = fixed}},
};
