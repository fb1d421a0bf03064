/* 01 early exit
 *
 * Symptom    Something fails, and the error that is reported is another one, of an item that was
 *            begun long after the first had failed.
 * Cause      A worker that meets an error leaves, and the others are told nothing: they go on, and
 *            each that fails writes its error over the one before. Nothing orders these writes.
 * Schedule   Any in which two items fail, one after the other. With one bad item nothing is wrong
 *            but the time lost: so the tests passed.
 * Fix        The first error is kept, under a lock, and cancels the context that all workers
 *            receive with: they stop. (Go: errgroup.WithContext.)
 */
#include <fan/fan.h>

struct pool {
    struct fan_lab *lab;
    struct fan_chan *in;
    struct fan_waitgroup working;
    struct fan_mutex guard; /* for the next, where it is used */
    int first_error;
    struct fan_ctx stop;
    uint64_t first_bad;
};

static int try_item(struct pool *pool, uint64_t item)
{
    bool bad = item == pool->first_bad || item + 1 == fan_lab_items(pool->lab);
    fan_lab_work(pool->lab, item);
    if (bad)
        return 100 + (int)item;
    fan_lab_output(pool->lab, item, item);
    return 0;
}

/* A bad item is dealt with once its error is where whoever started the work can know of it. */
static void say_failed(struct pool *pool, uint64_t item, int error)
{
    fan_lab_failed(pool->lab, item, error);
    fan_lab_output(pool->lab, item, item);
}

/* ---- buggy ---------------------------------------------------------------------------------- */

static void work_buggy(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    int error = 0;
    while (!error && fan_chan_recv(pool->in, &item, NULL) == 0) {
        error = try_item(pool, item);
        if (error) {
            FAN_WRITE(pool->first_error);
            pool->first_error = error;
            say_failed(pool, item, error);
        }
    }
    fan_waitgroup_done(&pool->working);
}

/* ---- fixed ---------------------------------------------------------------------------------- */

static void note_first(struct pool *pool, int error)
{
    fan_mutex_lock(&pool->guard);
    FAN_WRITE(pool->first_error);
    if (!pool->first_error)
        pool->first_error = error;
    fan_mutex_unlock(&pool->guard);
    fan_ctx_cancel(&pool->stop, error);
}

static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    int error = 0;
    while (!error && fan_chan_recv(pool->in, &item, &pool->stop) == 0) {
        error = try_item(pool, item);
        if (error) {
            note_first(pool, error);
            say_failed(pool, item, error);
        }
    }
    fan_waitgroup_done(&pool->working);
}

/* ---- scenario ------------------------------------------------------------------------------- */

/* Two items fail: the last one, and one of the first, of which the seed says which. */
static uint64_t choose_bad(struct fan_lab *lab)
{
    struct fan_random random = {.state = fan_lab_seed(lab)};
    uint64_t items = fan_lab_items(lab);
    return items > 3 ? fan_random_below(&random, items / 4) : 0;
}

/* What was taken is owed, and unless there was an error, so is what was left. */
static void settle(struct pool *pool, int error)
{
    uint64_t owed = fan_lab_items(pool->lab);
    while (error && fan_chan_recv(pool->in, NULL, NULL) == 0)
        owed--;
    for (uint64_t item = 0; item < owed; item++)
        fan_lab_expect(pool->lab, item, item);
}

static int process(struct pool *pool, void (*work)(void *))
{
    uint64_t workers = fan_lab_workers(pool->lab);
    fan_waitgroup_add(&pool->working, (int64_t)workers);
    for (uint64_t i = 0; i < workers; i++)
        fan_go("worker", work, pool);
    fan_waitgroup_wait(&pool->working, NULL);
    FAN_READ(pool->first_error);
    return pool->first_error;
}

static void run(struct fan_lab *lab, void (*work)(void *))
{
    struct pool *pool = fan_lab_alloc(lab, sizeof *pool);
    *pool = (struct pool){.lab = lab,
                          .in = fan_lab_inputs(lab),
                          .working = {.name = "working"},
                          .guard = {.name = "guard"},
                          .first_bad = choose_bad(lab)};
    fan_ctx_init(&pool->stop, &(struct fan_ctx_options){.name = "stop"});
    int error = process(pool, work);
    fan_lab_returned(lab, error);
    settle(pool, error);
    fan_ctx_destroy(&pool->stop);
}

static void buggy(struct fan_lab *lab)
{
    run(lab, work_buggy);
}

static void fixed(struct fan_lab *lab)
{
    run(lab, work_fixed);
}

FAN_EMBED_SOURCE(fan_bug_01_source);

extern const struct fan_scenario fan_bug_01;
const struct fan_scenario fan_bug_01 = {
    .id = "01",
    .name = "early_exit",
    .title = "early exit",
    .symptom = "something fails, and a later error is reported in its place",
    .file = FAN_SOURCE_FILE,
    .source = fan_bug_01_source,
    .workers = 4,
    .items = 20,
    .contract = {.outputs = FAN_OUTPUTS_IN_ANY_ORDER, .errors = FAN_ERRORS_FIRST},
    .variant_count = 2,
    .variants = {{.name = "buggy",
                  .run = buggy,
                  .expected_count = 2,
                  .expected = {FAN_FINDING_LOST_ERROR, FAN_FINDING_RACE}},
                 {.name = "fixed", .run = fixed}},
};
