#ifndef FAN_APP_EXPLORE_TEXT_H
#define FAN_APP_EXPLORE_TEXT_H

#include <stdio.h>

#include "app/explore.h"

/* The findings of an exploration with their stacks: each failure's schedule, run once more. */
struct fan_explore_shown {
    bool made[FAN_EXPLORE_FAILURES];
    struct fan_attempt attempts[FAN_EXPLORE_FAILURES];
};

/* What `explore` prints for a person to read, in this order; replay lines may be wider than 80
 * columns, all else is not. */
void fan_explore_text_begin(FILE *out, const struct fan_explore_request *request);
void fan_explore_text_found(FILE *out, const struct fan_scenario *scenario,
                            const struct fan_explore_failure *failure);
void fan_explore_text_end(FILE *out, const struct fan_explore *explore,
                          const struct fan_explore_shown *shown);

/* One line of a terminal that is written over and over; cleared, it leaves no trace. */
void fan_explore_text_progress(FILE *terminal, const struct fan_explore *explore);
void fan_explore_text_clear_progress(FILE *terminal);

/* "1,234,567" */
void fan_explore_text_number(uint64_t number, char text[32]);

#endif
