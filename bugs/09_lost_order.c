/* 09 lost order
 *
 * Symptom    All results are there and each is right, but now and then some are in other places
 *            than the inputs that they belong to.
 * Cause      Results are kept in the order in which they come. Workers do not end their tasks in
 *            the order in which they began them.
 * Schedule   Any in which a worker that took an item earlier sends its result later. With a single
 *            worker the order holds: so the tests passed.
 * Fix        A result says which input it is of, and goes to that place. Places are there from the
 *            beginning, one for each input, so nothing has to be sorted.
 */
#include <fan/fan.h>

struct result {
    uint64_t item, square;
};

struct pool {
    struct fan_lab *lab;
    struct fan_chan *in, *out;
    struct fan_waitgroup working;
    uint64_t *squares; /* of all items, once they are collected */
};

/* ---- buggy ---------------------------------------------------------------------------------- */

static void collect_buggy(struct pool *pool)
{
    struct result result;
    uint64_t count = 0;
    while (fan_chan_recv(pool->out, &result, NULL) == 0) {
        pool->squares[count++] = result.square;
        fan_lab_result(pool->lab);
    }
}

/* ---- fixed ---------------------------------------------------------------------------------- */

static void collect_fixed(struct pool *pool)
{
    struct result result;
    while (fan_chan_recv(pool->out, &result, NULL) == 0) {
        pool->squares[result.item] = result.square;
        fan_lab_result(pool->lab);
    }
}

/* ---- scenario ------------------------------------------------------------------------------- */

/* Not in the order of the items: whoever sorts the squares has not put them in their places. */
static uint64_t square(uint64_t item)
{
    uint64_t side = item ^ 1;
    return side * side;
}

static void work(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        struct result result = {item, square(item)};
        fan_chan_send(pool->out, &result, NULL);
    }
    fan_waitgroup_done(&pool->working);
}

static void close_when_all_are_done(void *argument)
{
    struct pool *pool = argument;
    fan_waitgroup_wait(&pool->working, NULL);
    fan_chan_close(pool->out);
}

static void start(struct pool *pool, uint64_t workers)
{
    fan_waitgroup_add(&pool->working, (int64_t)workers);
    for (uint64_t i = 0; i < workers; i++)
        fan_go("worker", work, pool);
    fan_go("closer", close_when_all_are_done, pool);
}

static void process(struct fan_lab *lab, void (*collect)(struct pool *))
{
    uint64_t items = fan_lab_items(lab);
    struct pool *pool = fan_lab_alloc(lab, sizeof *pool);
    *pool = (struct pool){.lab = lab,
                          .in = fan_lab_inputs(lab),
                          .out = fan_lab_chan(lab, "out", sizeof(struct result), 4),
                          .working = {.name = "working"},
                          .squares = fan_lab_alloc(lab, items * sizeof *pool->squares)};
    for (uint64_t i = 0; i < items; i++)
        fan_lab_expect(lab, i, square(i));
    start(pool, fan_lab_workers(lab));
    collect(pool);
    for (uint64_t i = 0; i < items; i++)
        fan_lab_output(lab, i, pool->squares[i]);
}

static void buggy(struct fan_lab *lab)
{
    process(lab, collect_buggy);
}

static void fixed(struct fan_lab *lab)
{
    process(lab, collect_fixed);
}

FAN_EMBED_SOURCE(fan_bug_09_source);

extern const struct fan_scenario fan_bug_09;
const struct fan_scenario fan_bug_09 = {
    .id = "09",
    .name = "lost_order",
    .title = "lost order",
    .symptom = "every result is right, and some are in the wrong place",
    .file = FAN_SOURCE_FILE,
    .source = fan_bug_09_source,
    .workers = 4,
    .items = 20,
    .contract = {.outputs = FAN_OUTPUTS_IN_ORDER},
    .variant_count = 2,
    .variants =
        {{.name = "buggy", .run = buggy, .expected_count = 1, .expected = {FAN_FINDING_LOST_ORDER}},
         {.name = "fixed", .run = fixed}},
};
