#ifndef FAN_LAB_SIM_STRATEGIES_H
#define FAN_LAB_SIM_STRATEGIES_H

#include <stdint.h>

#include "lab/exploration.h"
#include "sim/sim.h"

/* The strategies that an exploration can be ordered with, by name. */
struct fan_chosen_strategy {
    const char *name;
    /* Sets up the strategy's state for a seed and a bound (0 = its own). Errors: ENOMEM. */
    int (*choose)(uint64_t seed, uint64_t bound, struct fan_strategy *strategy);
    /* Tells of an exploration that has ended what only the strategy knows: whether it is complete,
     * and how many classes there are. NULL = complete when the strategy had no more schedules. */
    void (*conclude)(const struct fan_strategy *strategy, struct fan_exploration *exploration);
};

/* NULL for a name not among them. */
const struct fan_chosen_strategy *fan_strategies_find(const char *name);

#endif
