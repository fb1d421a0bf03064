#ifndef FAN_APP_SCREEN_LANES_H
#define FAN_APP_SCREEN_LANES_H

#include "app/screen/half.h"

/*
 * Lanes: one row a thread, in the order of their birth: name, state, what it waits for or works
 * on, for how long.
 *
 *     main      # blocked  recv out  0.31 s
 *     worker 1  = done     5 tasks
 *
 * When there are more threads than rows, or some that could not be seen, the last row sums up those
 * that are not shown, and the window moves so that the selected one is in sight.
 */

/* How many rows it takes to show all there is to show. */
int fan_lanes_wanted(const struct fan_half *half);

/* Draws into the whole pane. `selected` is a thread's position, or -1 for none. */
void fan_lanes_draw(const struct fan_pane *pane, const struct fan_half *half, int selected);

#endif
