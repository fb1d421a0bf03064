/* 06 unbounded
 *
 * Symptom    It runs well in every test. With the large input it grows until the machine gives it
 *            no more threads, or no more memory.
 * Cause      A thread is started for each item, and waits until there is room for its result.
 *            Nothing but the number of items says how many there are at a time.
 * Schedule   Any. All threads are there before the first result is taken.
 * Fix        As many workers as there are to be, started once, that take the items from a channel
 *            until it is empty. What is used then depends on the workers and not on the items.
 */
#include <fan/fan.h>

struct pool {
    struct fan_lab *lab;
    struct fan_chan *in, *out;
};

static void send_square(struct pool *pool, uint64_t item)
{
    fan_lab_work(pool->lab, item);
    fan_chan_send(pool->out, &(uint64_t){item * item}, NULL);
}

/* ---- buggy ---------------------------------------------------------------------------------- */

struct task {
    struct pool *pool;
    uint64_t item;
};

static void run_task(void *argument)
{
    struct task *task = argument;
    send_square(task->pool, task->item);
}

static void start_buggy(struct pool *pool, uint64_t workers)
{
    uint64_t item;
    (void)workers;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        struct task *task = fan_lab_alloc(pool->lab, sizeof *task);
        *task = (struct task){pool, item};
        fan_go("task", run_task, task);
    }
}

/* ---- fixed ---------------------------------------------------------------------------------- */

static void work(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0)
        send_square(pool, item);
}

static void start_fixed(struct pool *pool, uint64_t workers)
{
    for (uint64_t i = 0; i < workers; i++)
        fan_go("worker", work, pool);
}

/* ---- scenario ------------------------------------------------------------------------------- */

/* There are as many results as items, so nobody has to close `out`. */
static void process(struct fan_lab *lab, void (*start)(struct pool *, uint64_t))
{
    uint64_t items = fan_lab_items(lab), result;
    struct pool *pool = fan_lab_alloc(lab, sizeof *pool);
    *pool = (struct pool){.lab = lab,
                          .in = fan_lab_inputs(lab),
                          .out = fan_lab_chan(lab, "out", sizeof(uint64_t), 4)};
    for (uint64_t i = 0; i < items; i++)
        fan_lab_expect(lab, i, i * i);
    start(pool, fan_lab_workers(lab));
    for (uint64_t i = 0; i < items && fan_chan_recv(pool->out, &result, NULL) == 0; i++) {
        fan_lab_output(lab, i, result);
        fan_lab_result(lab);
    }
}

static void buggy(struct fan_lab *lab)
{
    process(lab, start_buggy);
}

static void fixed(struct fan_lab *lab)
{
    process(lab, start_fixed);
}

FAN_EMBED_SOURCE(fan_bug_06_source);

extern const struct fan_scenario fan_bug_06;
const struct fan_scenario fan_bug_06 = {
    .id = "06",
    .name = "unbounded",
    .title = "unbounded",
    .symptom = "it runs well in tests, and falls over large inputs",
    .file = FAN_SOURCE_FILE,
    .source = fan_bug_06_source,
    .workers = 4,
    .items = 200,
    .contract = {.outputs = FAN_OUTPUTS_IN_ANY_ORDER, .limit = 4},
    .variant_count = 2,
    .variants = {{.name = "buggy",
                  .run = buggy,
                  .expected_count = 1,
                  .expected = {FAN_FINDING_UNBOUNDED},
                  .also_count = 1,
                  .also = {FAN_FINDING_PANIC}},
                 {.name = "fixed", .run = fixed}},
};
