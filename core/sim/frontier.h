#ifndef FAN_SIM_FRONTIER_H
#define FAN_SIM_FRONTIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The frontier of a systematic search: what several workers, each a process, have still to try of
 * the tree of all schedules. It lies in memory that none of them owns, at any address, so that the
 * search outlives every worker: what one that died had in hand is done again by who takes its
 * place, and nothing else is.
 *
 * Each worker has a place, with the path from the root to where it is, and searches depth first
 * below what it was given. Most of its points nobody else knows. When another worker has nothing to
 * do it hands over the branch nearest to the root that is untried: then the points down to there
 * become shared, and whoever learns below one of them that something else must be tried there too
 * says so in it.
 *
 * The state of a place changes by one store (of `current`), from one turn to the next. What is not
 * in the turns, and in the paths that they speak of, can be worked out again: that is what makes a
 * worker's death at any instruction harmless. The branches of a point are claimed in some order,
 * which is kept: a branch may leave to the earlier ones what these will see.
 *
 * Zero is no valid frontier: fan_frontier_init. Workers use sim/search.h. */
enum {
    FAN_FRONTIER_PLACES = 8,
    FAN_FRONTIER_STEPS = 20000, /* of a path, where nothing else is said */
    FAN_FRONTIER_VALUES = 4,    /* choices a step makes besides that of the thread, on average */
    FAN_FRONTIER_OUTCOMES = 6,  /* enum fan_sim_outcome */
};

/* What is known of one choice. */
struct fan_frontier_point {
    uint64_t options; /* all that can be chosen */
    uint64_t asleep;  /* going first, they would lead only to what is seen elsewhere */
    uint64_t to_try;  /* grows */
    uint64_t claimed; /* of these: somebody sees to them, or has */
};

/* One step of a path: what was chosen at a point. */
struct fan_frontier_step {
    struct fan_frontier_point own;
    uint32_t shared; /* which shared point is in the place of `own`, from 1; 0 = none */
    uint32_t chosen;
    uint64_t before;                   /* asleep there, or claimed before this one was */
    uint64_t asleep_after;             /* `asleep` of the next point */
    uint32_t first_value, value_count; /* what else the step chose */
    bool owns_values;                  /* the other values are this worker's to try */
};

struct fan_frontier_value {
    uint32_t chosen, count;
};

/* What the last step of a path is to choose. */
struct fan_frontier_choice {
    uint64_t before;
    uint32_t chosen;
    uint32_t value_count, last_value;
};

struct fan_frontier_turn {
    uint64_t epoch; /* of another one, it says nothing */
    bool busy;      /* the path is to be searched */
    uint32_t depth; /* of the path */
    struct fan_frontier_choice last;
    uint64_t counts[FAN_FRONTIER_OUTCOMES]; /* runs that are over, by how they ended */
};

enum fan_frontier_stage {
    FAN_FRONTIER_IDLE,
    FAN_FRONTIER_STARTING, /* about to run */
    FAN_FRONTIER_RUNNING,
};

struct fan_frontier_place {
    struct fan_frontier_turn turns[2];
    uint32_t current;
    uint32_t stage;  /* enum fan_frontier_stage */
    uint32_t passed; /* steps of the run under way */
    uint32_t fatal;  /* so many steps killed the worker: not to be taken again; 0 = none */
};

struct fan_frontier_shared {
    struct fan_frontier_point point;
    uint32_t users; /* paths that it is in */
};

struct fan_frontier {
    uint32_t places, limit; /* workers; steps of a path */
    uint32_t holder;        /* of the lock: a place, from 1 */
    uint32_t hungry;        /* bits: places that would take a branch; under the lock */
    uint32_t cursor, high;  /* shared points before it are used, from it on never were; as well */
    uint32_t stopped;       /* the search has ended before its end */
    uint64_t epoch;         /* grows when all begins anew; under the lock */
    int64_t tickets;        /* runs that may still begin */
    struct fan_frontier_place place[FAN_FRONTIER_PLACES];
};

/* How much memory a frontier takes, of which only what is used needs to be there. */
size_t fan_frontier_size(uint32_t places, uint32_t limit);

/* Makes one, in memory that is zero. Up to `runs` runs will be made that are not abandoned. */
void fan_frontier_init(struct fan_frontier *frontier, uint32_t places, uint32_t limit,
                       uint64_t runs);

/* ---- for the parent of the workers ---- */

/* Whether the worker at a place is, or was when it died, within a run of the program. */
bool fan_frontier_within_run(const struct fan_frontier *frontier, uint32_t place);

/* Whether the worker at a place waits until others have something for it. */
bool fan_frontier_waits(const struct fan_frontier *frontier, uint32_t place);

/* How many runs of that place are over: tells whether it died in the same one again. */
uint64_t fan_frontier_runs(const struct fan_frontier *frontier, uint32_t place);

/* The worker at a place is dead, and the next one there is not to run again what killed it: it
 * counts as a failure. */
void fan_frontier_bury(struct fan_frontier *frontier, uint32_t place);

/* The worker at a place is dead; its run will be made again, and is not to count twice. */
void fan_frontier_repeat(struct fan_frontier *frontier, uint32_t place);

/* ---- for sim/search.c ---- */

struct fan_frontier_step *fan_frontier_steps(struct fan_frontier *frontier, uint32_t place);
struct fan_frontier_value *fan_frontier_values(struct fan_frontier *frontier, uint32_t place);
struct fan_frontier_shared *fan_frontier_shared(struct fan_frontier *frontier);

const struct fan_frontier_turn *fan_frontier_turn(const struct fan_frontier *frontier,
                                                  uint32_t place);
bool fan_frontier_is_busy(const struct fan_frontier *frontier, uint32_t place);

/* Changes the state of a place, by one store. */
void fan_frontier_commit(struct fan_frontier *frontier, uint32_t place,
                         const struct fan_frontier_turn *turn);

/* Blocks until no other place has the lock. */
void fan_frontier_lock(struct fan_frontier *frontier, uint32_t place);
void fan_frontier_unlock(struct fan_frontier *frontier);

/* Takes from a dead worker of the same place the lock, if it had it, and puts right what it may
 * have left half done. */
void fan_frontier_inherit(struct fan_frontier *frontier, uint32_t place);

/* An unused shared point, from 1, or 0 if there is none; and one user less of one. Under the
 * lock. */
uint32_t fan_frontier_find_shared(struct fan_frontier *frontier);
void fan_frontier_leave_shared(struct fan_frontier *frontier, uint32_t which);

#endif
