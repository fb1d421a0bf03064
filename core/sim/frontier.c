/* The lock is held for the claims at shared points, for handing over a branch, and for the
 * beginning and the end of the search; all else is of one worker alone, or an atomic word. It lies
 * in shared memory and its holder may die, so it names who holds it. */
#include "sim/frontier.h"

#include <string.h>
#include <time.h>

enum {
    ALIGNMENT = 64,
    SPINS = 200,
    NAP_NS = 20000,
};

/* ---- where things lie ---- */

static size_t rounded(size_t bytes)
{
    return (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

static size_t steps_size(uint32_t limit)
{
    return rounded((size_t)(limit + 1) * sizeof(struct fan_frontier_step));
}

static size_t values_size(uint32_t limit)
{
    return rounded((size_t)limit * FAN_FRONTIER_VALUES * sizeof(struct fan_frontier_value));
}

static size_t path_size(uint32_t limit)
{
    return steps_size(limit) + values_size(limit);
}

static uint32_t shared_count(const struct fan_frontier *frontier)
{
    return frontier->places * frontier->limit;
}

size_t fan_frontier_size(uint32_t places, uint32_t limit)
{
    return rounded(sizeof(struct fan_frontier)) + places * path_size(limit) +
           (size_t)places * limit * sizeof(struct fan_frontier_shared);
}

static char *path_at(struct fan_frontier *frontier, uint32_t place)
{
    return (char *)frontier + rounded(sizeof *frontier) + place * path_size(frontier->limit);
}

struct fan_frontier_step *fan_frontier_steps(struct fan_frontier *frontier, uint32_t place)
{
    return (void *)path_at(frontier, place);
}

struct fan_frontier_value *fan_frontier_values(struct fan_frontier *frontier, uint32_t place)
{
    return (void *)(path_at(frontier, place) + steps_size(frontier->limit));
}

struct fan_frontier_shared *fan_frontier_shared(struct fan_frontier *frontier)
{
    return (void *)path_at(frontier, frontier->places);
}

void fan_frontier_init(struct fan_frontier *frontier, uint32_t places, uint32_t limit,
                       uint64_t runs)
{
    frontier->places = places;
    frontier->limit = limit;
    frontier->epoch = 1;
    frontier->tickets = runs < INT64_MAX ? (int64_t)runs : INT64_MAX;
}

/* ---- turns ---- */

const struct fan_frontier_turn *fan_frontier_turn(const struct fan_frontier *frontier,
                                                  uint32_t place)
{
    const struct fan_frontier_place *at = &frontier->place[place];
    return &at->turns[__atomic_load_n(&at->current, __ATOMIC_ACQUIRE) & 1];
}

bool fan_frontier_is_busy(const struct fan_frontier *frontier, uint32_t place)
{
    const struct fan_frontier_turn *turn = fan_frontier_turn(frontier, place);
    return turn->busy && turn->epoch == __atomic_load_n(&frontier->epoch, __ATOMIC_ACQUIRE);
}

void fan_frontier_commit(struct fan_frontier *frontier, uint32_t place,
                         const struct fan_frontier_turn *turn)
{
    struct fan_frontier_place *at = &frontier->place[place];
    uint32_t next = !(at->current & 1);
    at->turns[next] = *turn;
    __atomic_store_n(&at->current, next, __ATOMIC_RELEASE);
}

/* ---- the lock ---- */

static void wait_a_little(uint32_t tries)
{
    if (tries % SPINS != SPINS - 1)
        return;
    nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
}

void fan_frontier_lock(struct fan_frontier *frontier, uint32_t place)
{
    uint32_t nobody = 0;
    for (uint32_t tries = 0; !__atomic_compare_exchange_n(
             &frontier->holder, &nobody, place + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
         tries++) {
        nobody = 0;
        wait_a_little(tries);
    }
}

void fan_frontier_unlock(struct fan_frontier *frontier)
{
    __atomic_store_n(&frontier->holder, 0, __ATOMIC_RELEASE);
}

/* ---- after a death ---- */

static void count_users_of_path(struct fan_frontier *frontier, uint32_t place)
{
    struct fan_frontier_shared *shared = fan_frontier_shared(frontier);
    const struct fan_frontier_turn *turn = fan_frontier_turn(frontier, place);
    const struct fan_frontier_step *steps = fan_frontier_steps(frontier, place);
    for (uint32_t i = 0; i < turn->depth && steps[i].shared; i++) {
        uint32_t chosen = i + 1 == turn->depth ? turn->last.chosen : steps[i].chosen;
        struct fan_frontier_shared *point = &shared[steps[i].shared - 1];
        point->users++;
        point->point.claimed |= UINT64_C(1) << chosen;
    }
}

/* What is derived from the paths. */
static void repair(struct fan_frontier *frontier)
{
    struct fan_frontier_shared *shared = fan_frontier_shared(frontier);
    for (uint32_t i = 0; i < frontier->high; i++)
        shared[i].users = 0;
    frontier->cursor = 0;
    for (uint32_t i = 0; i < frontier->places; i++)
        if (fan_frontier_is_busy(frontier, i))
            count_users_of_path(frontier, i);
}

void fan_frontier_inherit(struct fan_frontier *frontier, uint32_t place)
{
    if (__atomic_load_n(&frontier->holder, __ATOMIC_ACQUIRE) != place + 1)
        return;
    repair(frontier);
    fan_frontier_unlock(frontier);
}

uint32_t fan_frontier_find_shared(struct fan_frontier *frontier)
{
    const struct fan_frontier_shared *shared = fan_frontier_shared(frontier);
    uint32_t at = frontier->cursor;
    while (at < frontier->high && shared[at].users > 0)
        at++;
    if (at == shared_count(frontier))
        return 0;
    frontier->cursor = at;
    if (at == frontier->high)
        frontier->high++;
    return at + 1;
}

void fan_frontier_leave_shared(struct fan_frontier *frontier, uint32_t which)
{
    struct fan_frontier_shared *shared = &fan_frontier_shared(frontier)[which - 1];
    if (--shared->users == 0 && which - 1 < frontier->cursor)
        frontier->cursor = which - 1;
}

/* ---- the parent's ---- */

bool fan_frontier_within_run(const struct fan_frontier *frontier, uint32_t place)
{
    return __atomic_load_n(&frontier->place[place].stage, __ATOMIC_ACQUIRE) == FAN_FRONTIER_RUNNING;
}

bool fan_frontier_waits(const struct fan_frontier *frontier, uint32_t place)
{
    return __atomic_load_n(&frontier->hungry, __ATOMIC_RELAXED) >> place & 1;
}

uint64_t fan_frontier_runs(const struct fan_frontier *frontier, uint32_t place)
{
    const struct fan_frontier_turn *turn = fan_frontier_turn(frontier, place);
    uint64_t runs = turn->epoch << 48;
    for (uint32_t i = 0; i < FAN_FRONTIER_OUTCOMES; i++)
        runs += turn->counts[i];
    return runs;
}

/* The dead one's stage is not the next one's, which may die before it says anything. */
static void be_idle(struct fan_frontier *frontier, uint32_t place)
{
    __atomic_store_n(&frontier->place[place].stage, FAN_FRONTIER_IDLE, __ATOMIC_SEQ_CST);
}

void fan_frontier_bury(struct fan_frontier *frontier, uint32_t place)
{
    frontier->place[place].fatal = frontier->place[place].passed;
    be_idle(frontier, place);
}

void fan_frontier_repeat(struct fan_frontier *frontier, uint32_t place)
{
    if (frontier->place[place].stage != FAN_FRONTIER_IDLE)
        __atomic_fetch_add(&frontier->tickets, 1, __ATOMIC_SEQ_CST);
    be_idle(frontier, place);
}
