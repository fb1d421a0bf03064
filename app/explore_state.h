#ifndef FAN_APP_EXPLORE_STATE_H
#define FAN_APP_EXPLORE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "app/child.h"
#include "app/explore.h"
#include "app/explore_shared.h"
#include "lab/exploration.h"

/* An exploration while it goes on: for explore.c and explore_failures.c alone. */

/* A child and what it is to do. */
struct fan_explore_child {
    struct fan_child child;
    bool running;
    uint64_t share; /* of the schedules, that it still has to run */
    uint64_t walk;  /* its strategy's seed */
    uint64_t heard; /* its count of steps, as last seen, */
    uint64_t heard_ns;
    struct fan_exploration *told;
    uint64_t counted[FAN_EXPLORATION_FAILURES]; /* schedules of its failures that are in the sum */
};

struct fan_exploring {
    struct fan_explore *explore;
    const struct fan_explore_listener *listener;
    struct fan_explore_child explorers[FAN_EXPLORE_CHILDREN];
    struct fan_explore_shared shared;
    struct fan_explore ended; /* sums of the children that are gone: numbers only */
    uint64_t began_ns, walks;
    bool stopping;
    unsigned complete; /* children that said so: of a shared search one of them knows, else each */
    bool raced;        /* some child said so */
};

#endif
