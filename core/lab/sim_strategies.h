#ifndef FAN_LAB_SIM_STRATEGIES_H
#define FAN_LAB_SIM_STRATEGIES_H

#include <stdint.h>

#include "lab/exploration.h"
#include "sim/frontier.h"
#include "sim/sim.h"

/* What is asked of a strategy. */
struct fan_strategy_wish {
    uint64_t seed, bound;          /* 0 = its own bound */
    uint64_t schedules;            /* to be run at most; for one that is asked for its next */
    struct fan_frontier *frontier; /* of a search that is shared; NULL = none */
    uint32_t place;                /* there; or which part, */
    uint32_t places;               /* of so many; 0 = it is all this one's */
};

/* The strategies that an exploration can be ordered with, by name. */
struct fan_chosen_strategy {
    const char *name;
    /* Sets up the strategy's state. Errors: ENOMEM. */
    int (*choose)(const struct fan_strategy_wish *wish, struct fan_strategy *strategy);
    /* Tells of an exploration that has ended what only the strategy knows: whether it is complete,
     * and how many classes there are. NULL = complete when the strategy had no more schedules. */
    void (*conclude)(const struct fan_strategy *strategy, struct fan_exploration *exploration);
};

/* NULL for a name not among them. */
const struct fan_chosen_strategy *fan_strategies_find(const char *name);

#endif
