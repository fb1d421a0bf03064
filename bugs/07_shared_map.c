/* 07 shared map
 *
 * Symptom    The total is sometimes too small, and nobody sees it happen.
 * Cause      All workers count in one table, and nothing orders them. Two that look up the same
 *            count both add 1 to it, and the one that stores last undoes what the other has done.
 * Schedule   Any with two workers or more races, also one whose total is right. It is wrong where a
 *            worker comes between another one's look-up and its store.
 * Fix        A table for each worker, that nobody else touches, and one merge under a lock when it
 *            has done its work. (A lock around each count is right too, and makes all wait.)
 */
#include <fan/fan.h>

enum { WORDS = 3 };

struct pool {
    struct fan_lab *lab;
    struct fan_chan *in;
    struct fan_waitgroup working;
    struct fan_mutex merging;
    uint64_t counts[WORDS];
};

/* What a map does when one is added to what it holds for a word: look up, add, store. */
static void count(uint64_t *counts, uint64_t word)
{
    FAN_READ(counts[word]);
    uint64_t before = counts[word];
    FAN_WRITE(counts[word]);
    counts[word] = before + 1;
}

/* ---- buggy ---------------------------------------------------------------------------------- */

static void work_buggy(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        count(pool->counts, item % WORDS);
    }
    fan_waitgroup_done(&pool->working);
}

/* ---- fixed ---------------------------------------------------------------------------------- */

static void merge(struct pool *pool, const uint64_t *counts)
{
    fan_mutex_lock(&pool->merging);
    for (uint64_t word = 0; word < WORDS; word++) {
        FAN_WRITE(pool->counts[word]);
        pool->counts[word] += counts[word];
    }
    fan_mutex_unlock(&pool->merging);
}

static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    uint64_t item, own[WORDS] = {0};
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        count(own, item % WORDS);
    }
    merge(pool, own);
    fan_waitgroup_done(&pool->working);
}

/* ---- scenario ------------------------------------------------------------------------------- */

/* What has been counted is what comes out: for each word, how often it was there. */
static void sum_up(struct pool *pool)
{
    for (uint64_t word = 0; word < WORDS; word++) {
        FAN_READ(pool->counts[word]);
        fan_lab_output(pool->lab, word, pool->counts[word]);
        for (uint64_t i = 0; i < pool->counts[word]; i++)
            fan_lab_result(pool->lab);
    }
}

static void expect_counts(struct fan_lab *lab)
{
    uint64_t items = fan_lab_items(lab);
    for (uint64_t word = 0; word < WORDS; word++)
        fan_lab_expect(lab, word, items / WORDS + (word < items % WORDS));
}

static void process(struct fan_lab *lab, void (*work)(void *))
{
    struct pool *pool = fan_lab_alloc(lab, sizeof *pool);
    *pool = (struct pool){.lab = lab,
                          .in = fan_lab_inputs(lab),
                          .working = {.name = "working"},
                          .merging = {.name = "merging"}};
    expect_counts(lab);
    fan_waitgroup_add(&pool->working, (int64_t)fan_lab_workers(lab));
    for (uint64_t i = 0; i < fan_lab_workers(lab); i++)
        fan_go("worker", work, pool);
    fan_waitgroup_wait(&pool->working, NULL);
    sum_up(pool);
}

static void buggy(struct fan_lab *lab)
{
    process(lab, work_buggy);
}

static void fixed(struct fan_lab *lab)
{
    process(lab, work_fixed);
}

FAN_EMBED_SOURCE(fan_bug_07_source);

extern const struct fan_scenario fan_bug_07;
const struct fan_scenario fan_bug_07 = {
    .id = "07",
    .name = "shared_map",
    .title = "shared map",
    .symptom = "the total is sometimes too small, and nobody sees it happen",
    .file = FAN_SOURCE_FILE,
    .source = fan_bug_07_source,
    .workers = 4,
    .items = 20,
    .contract = {.outputs = FAN_OUTPUTS_IN_ORDER},
    .variant_count = 2,
    .variants = {{.name = "buggy",
                  .run = buggy,
                  .expected_count = 1,
                  .expected = {FAN_FINDING_RACE},
                  .also_count = 1,
                  .also = {FAN_FINDING_WRONG_RESULT}},
                 {.name = "fixed", .run = fixed}},
};
