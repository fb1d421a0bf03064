#ifndef FAN_APP_STEP_SEARCH_H
#define FAN_APP_STEP_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "app/child.h"
#include "sim/sanitizers.h"

/* A search for schedules that fail, beside the stepping: a child that runs some thousand random
 * ones, counts those that fail, and makes what it found short. */
enum {
    FAN_STEP_SEARCHED = FAN_UNDER_ASAN || FAN_UNDER_TSAN ? 200 : 10000, /* schedules */
};

enum fan_step_search_state {
    FAN_STEP_UNSEARCHED,
    FAN_STEP_SEARCHING,
    FAN_STEP_SEARCHED_ALL, /* the counts are final */
    FAN_STEP_SEARCH_BROKEN,
};

struct fan_step_search {
    enum fan_step_search_state state;
    bool shortest;               /* is wanted, not just any */
    uint64_t schedules, failing; /* run, and of these failed */
    bool found;
    bool certified; /* no schedule with fewer deviations fails so */
    enum fan_finding_kind kind;
    struct fan_schedule first, short_one;
    char why[160]; /* if it is broken */
    /* private */
    struct fan_child child;
    const struct fan_variant *variant;
};

/* Starts a child with these options; their schedules are the search's. */
void fan_step_search_begin(struct fan_step_search *search, const struct fan_child_options *options,
                           const struct fan_variant *variant);

/* Looks at it. Returns whether anything has changed. */
bool fan_step_search_look(struct fan_step_search *search);

/* Ends it and forgets what it found. */
void fan_step_search_end(struct fan_step_search *search);

#endif
