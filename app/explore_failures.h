#ifndef FAN_APP_EXPLORE_FAILURES_H
#define FAN_APP_EXPLORE_FAILURES_H

#include <stdint.h>

#include "app/explore_state.h"

/* The failures of an exploration: which of those that children tell of are one, which of its
 * schedules is kept, and who hears of it. */

/* Takes what is new in a failure that a child tells of. */
void fan_explore_failures_take(struct fan_exploring *all, struct fan_explore_child *one,
                               uint32_t which);

/* The child has died of the schedule that was under way: a failure as well. */
void fan_explore_failures_take_death(struct fan_exploring *all, struct fan_explore_child *one);

/* Puts them into an order that does not depend on which child was faster: the most frequent first,
 * then the one with the shortest schedule. */
void fan_explore_failures_order(struct fan_explore *explore);

/* Writes a schedule down as the failure's, with the line that replays it. */
void fan_explore_failures_write(struct fan_exploring *all, struct fan_explore_failure *failure,
                                const struct fan_schedule *schedule, uint64_t hash, uint64_t build);

#endif
