/* 02 missing done
 *
 * Symptom    The program hangs, but only on days when the input holds a bad item.
 * Cause      A worker that meets a bad item returns early, past the line that says "I am done". The
 *            count of the wait group can then never reach 0.
 * Schedule   Any. With a bad item in the input, every order of steps ends in the same wait. The
 *            rare form passes over a bad item and leaves early only if none comes after it: the
 *            worker that takes the bad one has to stand still until the others have taken all the
 *            rest. So the tests passed.
 * Fix        One way out: what may return early is a function of its own, and its caller says done
 *            whichever way it returned. (Go: defer.)
 */
#include <fan/fan.h>

struct pool {
    struct fan_lab *lab;
    struct fan_chan *in, *out;
    struct fan_waitgroup working;
};

/* ---- buggy ---------------------------------------------------------------------------------- */

static void work_buggy(void *argument)
{
    struct pool *pool = argument;
    int64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        if (item < 0)
            return; /* cannot go on with a bad item */
        fan_lab_work(pool->lab, (uint64_t)item);
        fan_chan_send(pool->out, &item, NULL);
    }
    fan_waitgroup_done(&pool->working);
}

/* ---- fixed ---------------------------------------------------------------------------------- */

static void work_until_bad_item(struct pool *pool)
{
    int64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        if (item < 0)
            return; /* cannot go on with a bad item */
        fan_lab_work(pool->lab, (uint64_t)item);
        fan_chan_send(pool->out, &item, NULL);
    }
}

static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    work_until_bad_item(pool);
    fan_waitgroup_done(&pool->working);
}

/* ---- rare ----------------------------------------------------------------------------------- */

static void work_rare(void *argument)
{
    struct pool *pool = argument;
    int64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        while (item < 0) /* pass over bad items */
            if (fan_chan_recv(pool->in, &item, NULL) != 0)
                return;
        fan_lab_work(pool->lab, (uint64_t)item);
        fan_chan_send(pool->out, &item, NULL);
    }
    fan_waitgroup_done(&pool->working);
}

/* ---- scenario ------------------------------------------------------------------------------- */

/* In the last third, but never the last: others come after it. */
static uint64_t late_but_not_last(uint64_t items, uint64_t seed)
{
    struct fan_random random = {.state = seed};
    uint64_t among = items / 4;
    return items ? (items - 1) * 2 / 3 + (among ? fan_random_below(&random, among) : 0) : 0;
}

/* All items lie in the channel before the workers start, and one of them is bad: the seed says
 * which. */
static struct fan_chan *items_with_a_bad_one(struct fan_lab *lab)
{
    uint64_t items = fan_lab_items(lab);
    uint64_t bad = late_but_not_last(items, fan_lab_seed(lab));
    struct fan_chan *in = fan_lab_chan(lab, "in", sizeof(int64_t), items);
    for (uint64_t i = 0; i < items; i++)
        fan_chan_send(in, &(int64_t){i == bad ? -1 : (int64_t)i}, NULL);
    fan_chan_close(in);
    return in;
}

/* What a worker has taken is owed, but for the bad one, and so is all that comes before that. What
 * a worker has left is still there. */
static void expect_what_was_taken(struct pool *pool)
{
    uint64_t taken = fan_lab_items(pool->lab);
    uint64_t bad = late_but_not_last(taken, fan_lab_seed(pool->lab));
    while (fan_chan_recv(pool->in, NULL, NULL) == 0)
        taken--;
    if (taken <= bad)
        taken = bad; /* nobody may leave before the bad one has come */
    for (uint64_t i = 0; i < taken; i++)
        if (i != bad)
            fan_lab_expect(pool->lab, i, i);
}

/* `out` has room for all, so nobody ever waits to send there. */
static void collect(struct pool *pool)
{
    int64_t item;
    fan_chan_close(pool->out);
    for (uint64_t count = 0; fan_chan_recv(pool->out, &item, NULL) == 0; count++) {
        fan_lab_output(pool->lab, count, (uint64_t)item);
        fan_lab_result(pool->lab);
    }
}

static void process(struct fan_lab *lab, void (*work)(void *))
{
    struct pool *pool = fan_lab_alloc(lab, sizeof *pool);
    *pool = (struct pool){.lab = lab,
                          .in = items_with_a_bad_one(lab),
                          .out = fan_lab_chan(lab, "out", sizeof(int64_t), fan_lab_items(lab) + 1),
                          .working = {.name = "working"}};
    fan_waitgroup_add(&pool->working, (int64_t)fan_lab_workers(lab));
    for (uint64_t i = 0; i < fan_lab_workers(lab); i++)
        fan_go("worker", work, pool);
    fan_waitgroup_wait(&pool->working, NULL);
    expect_what_was_taken(pool);
    collect(pool);
}

static void buggy(struct fan_lab *lab)
{
    process(lab, work_buggy);
}

static void fixed(struct fan_lab *lab)
{
    process(lab, work_fixed);
}

static void rare(struct fan_lab *lab)
{
    process(lab, work_rare);
}

FAN_EMBED_SOURCE(fan_bug_02_source);

extern const struct fan_scenario fan_bug_02;
const struct fan_scenario fan_bug_02 = {
    .id = "02",
    .name = "missing_done",
    .title = "missing done",
    .symptom = "hangs, but only when the input holds a bad item",
    .file = FAN_SOURCE_FILE,
    .source = fan_bug_02_source,
    .workers = 4,
    .items = 20,
    .contract = {.outputs = FAN_OUTPUTS_IN_ANY_ORDER},
    .variant_count = 3,
    .variants =
        {{.name = "buggy", .run = buggy, .expected_count = 1, .expected = {FAN_FINDING_DEADLOCK}},
         {.name = "fixed", .run = fixed},
         {.name = "rare", .run = rare, .expected_count = 1, .expected = {FAN_FINDING_DEADLOCK}}},
};
