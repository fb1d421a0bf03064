/* Both of the library's builds run it, so it has no marks, and its own counting is no step. */
#include "tests/support/group_storm.h"

#include <errno.h>
#include <stddef.h>

#include "base/panic.h"
#include "base/random.h"
#include "flow/group.h"
#include "run/thread.h"
#include "run/time.h"
#include "sync/timer.h"

enum { MOST_TASKS = 24, PAUSE_NS = 20000, KINDS = 6 };

enum kind {
    QUICK,
    SLEEPS,
    WAITS, /* until the group's context is done, and says so */
    FAILS,
    PANICS,
    CANCELS, /* the parent */
};

struct group_storm {
    struct fan_group group;
    struct fan_ctx parent;
    uint32_t often[KINDS]; /* of all tasks, in tenths */
    int limit;
    uint64_t budget, deadline_ns;
    /* Atomic. */
    uint64_t begun, ended, at_once;
    int first_error; /* any failure, but those of who waited for the end */
    bool cancelled;
    const char *complaint;
};

struct part {
    struct group_storm *storm;
    enum kind kind;
};

#define LOAD(field)         __atomic_load_n(&(field), __ATOMIC_SEQ_CST)
#define STORE(field, value) __atomic_store_n(&(field), (value), __ATOMIC_SEQ_CST)
#define ADD(field, amount)  __atomic_add_fetch(&(field), (amount), __ATOMIC_SEQ_CST)

static void must(struct group_storm *storm, bool holds, const char *what)
{
    if (!holds)
        STORE(storm->complaint, what);
}

/* ---- the tasks ---- */

static int do_part(const struct part *part, struct fan_ctx *ctx)
{
    struct group_storm *storm = part->storm;
    switch (part->kind) {
    case SLEEPS:
        return fan_sleep(PAUSE_NS, ctx);
    case WAITS:
        return fan_sleep(UINT64_MAX / 4, ctx);
    case FAILS:
    case PANICS:
        STORE(storm->first_error, part->kind == FAILS ? ERANGE : ENOTRECOVERABLE);
        return ERANGE;
    case CANCELS:
        STORE(storm->cancelled, true);
        fan_ctx_cancel(&storm->parent, 0);
        return 0;
    default:
        return 0;
    }
}

static int run(void *argument, struct fan_ctx *ctx)
{
    const struct part *part = argument;
    struct group_storm *storm = part->storm;
    ADD(storm->begun, 1);
    uint64_t now = ADD(storm->at_once, 1);
    must(storm, !storm->limit || now <= (uint64_t)storm->limit, "more tasks run than the limit");
    int error = do_part(part, ctx);
    ADD(storm->at_once, -1);
    ADD(storm->ended, 1);
    if (part->kind == PANICS)
        fan_panic("a task gives up");
    return error;
}

/* ---- a run ---- */

static enum kind draw_kind(struct group_storm *storm, struct fan_random *random)
{
    uint64_t dice = fan_random_below(random, 10);
    for (int kind = SLEEPS; kind < KINDS; kind++) {
        if (dice < storm->often[kind])
            return (enum kind)kind;
        dice -= storm->often[kind];
    }
    return QUICK;
}

static bool one_in(struct fan_random *random, uint64_t count)
{
    return fan_random_below(random, count) == 0;
}

/* Where tasks wait for the end something has to bring it about. */
static void plan(struct group_storm *storm, struct fan_random *random)
{
    for (int kind = SLEEPS; kind < KINDS; kind++)
        storm->often[kind] = one_in(random, 3) ? 1 + (uint32_t)fan_random_below(random, 3) : 0;
    storm->limit = (int)fan_random_below(random, 5);
    storm->budget = one_in(random, 4) ? 1 + fan_random_below(random, 4) : 0;
    if (storm->often[WAITS] || one_in(random, 4))
        storm->deadline_ns = (1 + fan_random_below(random, 20)) * PAUSE_NS;
}

static bool may_refuse(const struct group_storm *storm, int error, bool tries)
{
    switch (error) {
    case 0:
        return true;
    case EBUSY:
        return tries && storm->limit;
    case EAGAIN:
        return storm->budget;
    default:
        return error == fan_ctx_error((struct fan_ctx *)&storm->group.ctx);
    }
}

/* Returns how many were started. */
static uint64_t start_all(struct group_storm *storm, struct part *parts, struct fan_random *random)
{
    uint64_t count = fan_random_below(random, MOST_TASKS + 1), started = 0;
    for (uint64_t i = 0; i < count; i++) {
        bool tries = one_in(random, 3);
        parts[i] = (struct part){storm, draw_kind(storm, random)};
        int error = tries ? fan_group_try_go(&storm->group, run, &parts[i])
                          : fan_group_go(&storm->group, run, &parts[i]);
        must(storm, may_refuse(storm, error, tries), "a start was refused without a reason");
        started += error == 0;
    }
    return started;
}

static bool may_return(struct group_storm *storm, int error)
{
    bool failed = LOAD(storm->first_error) != 0;
    switch (error) {
    case 0:
        return !failed && !LOAD(storm->cancelled);
    case ECANCELED:
        return LOAD(storm->cancelled);
    case ETIMEDOUT:
        return storm->deadline_ns && fan_now_ns() >= storm->parent.deadline_ns;
    default:
        return failed && (error == ERANGE || error == ENOTRECOVERABLE);
    }
}

static void go_and_wait(struct group_storm *storm, struct fan_random *random)
{
    struct part parts[MOST_TASKS];
    uint64_t started = start_all(storm, parts, random);
    int error = fan_group_wait(&storm->group);
    must(storm, LOAD(storm->begun) == started, "not all that was started has begun");
    must(storm, LOAD(storm->ended) == started, "the wait ended before the tasks");
    must(storm, may_return(storm, error), "not an error that it could return");
    must(storm, fan_group_go(&storm->group, run, &parts[0]) != 0, "a task began after the wait");
    must(storm, fan_group_try_go(&storm->group, run, &parts[0]) != 0, "so did another");
}

const char *group_storm_run(uint64_t seed)
{
    struct fan_random random = {.state = seed * 1000003};
    struct group_storm storm = {0};
    plan(&storm, &random);
    fan_ctx_init(&storm.parent,
                 &(struct fan_ctx_options){
                     .deadline_ns = storm.deadline_ns ? fan_deadline_after(storm.deadline_ns) : 0});
    fan_group_init(&storm.group, &(struct fan_group_options){.name = "storm",
                                                             .parent = &storm.parent,
                                                             .limit = storm.limit});
    fan_thread_set_budget(storm.budget);
    go_and_wait(&storm, &random);
    fan_group_destroy(&storm.group);
    fan_thread_wait_all();
    fan_thread_set_budget(0);
    fan_ctx_destroy(&storm.parent);
    return storm.complaint;
}
