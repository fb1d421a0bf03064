#ifndef FAN_SIM_STRATEGY_H
#define FAN_SIM_STRATEGY_H

#include <stdbool.h>
#include <stdint.h>

struct fan_sim;

/* Whether there is a run to be made. */
enum fan_strategy_next {
    FAN_STRATEGY_RUN,
    FAN_STRATEGY_WAIT, /* not now: others share the search, and may leave some or not */
    FAN_STRATEGY_OVER,
};

/* A strategy: decides everything that the program leaves open, which is what makes one schedule
 * differ from the next. Each has a file of its own (random.c, pct.c, ...) with one const table. */
struct fan_strategy_kind {
    const char *name;
    const char *summary; /* one line for help texts */
    /* Called before each run. */
    void (*begin)(void *state, struct fan_sim *sim);
    /* Which thread takes the next step: one of the bits of `enabled`, which is not 0. */
    uint32_t (*thread)(void *state, struct fan_sim *sim, uint64_t enabled);
    /* Which of `count` possibilities (at least 2) happens. */
    uint32_t (*value)(void *state, struct fan_sim *sim, uint32_t count);
    /* Called after each run; returns false if every schedule it can produce has been produced. */
    bool (*end)(void *state, struct fan_sim *sim);
    /* Called before begin by who shares the search with others; NULL = always, until its end. */
    enum fan_strategy_next (*next)(void *state);
};

struct fan_strategy {
    const struct fan_strategy_kind *kind;
    void *state;
};

#endif
