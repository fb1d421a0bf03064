#ifndef FAN_SIM_PCT_H
#define FAN_SIM_PCT_H

#include "base/random.h"
#include "sim/sim.h"
#include "sim/strategy.h"

/* Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte, "A randomized
 * scheduler with probabilistic guarantees of finding bugs", ASPLOS 2010): every thread gets a
 * random priority, the highest that can run does, and at depth - 1 random steps the one about to
 * run falls below all others. A bug that needs `depth` ordering constraints is found in a run of n
 * threads and k steps with a probability of at least 1 / (n k^(depth - 1)).
 *
 * Two deviations from the paper, both known from Shuttle and Coyote: only steps at which there is a
 * choice are counted, and k is learned from the runs before. One of our own: who goes on for very
 * long while others could run falls too, since it may be waiting for them in a loop.
 *
 *     struct fan_pct pct = {.random = {.state = seed}};
 *     struct fan_strategy strategy = {&fan_strategy_pct, &pct};
 */
enum {
    FAN_PCT_DEPTH = 3,
    FAN_PCT_MOST_DEPTH = 16,
    FAN_PCT_PATIENCE = 200, /* steps in a row that one thread may take while others could */
};

struct fan_pct {
    struct fan_random random; /* seeded by the caller */
    uint32_t depth;           /* 1 to FAN_PCT_MOST_DEPTH; 0 = FAN_PCT_DEPTH */
    /* Its own, from here on; zero at first. */
    uint32_t length; /* of the longest run, in choices; long ago counts for less */
    uint32_t steps;  /* choices in this run */
    uint32_t known;  /* threads that have a priority */
    uint32_t lowest; /* the lowest priority given so far */
    uint32_t last, in_a_row;
    uint32_t changes[FAN_PCT_MOST_DEPTH - 1]; /* at which steps somebody falls; 0 = never */
    uint32_t priorities[FAN_SIM_THREADS];
};

extern const struct fan_strategy_kind fan_strategy_pct;

#endif
