#ifndef FAN_APP_SCREEN_GAUGES_H
#define FAN_APP_SCREEN_GAUGES_H

#include "app/screen/half.h"

/*
 * Gauges: one row for each thing that threads wait for: how full a channel is, what a wait group
 * counts, who holds a lock, and how many wait.
 *
 *     in    0/8 [        ] closed
 *     out   4/4 [####]     open   1 waits
 */

/* How many rows a run asks for. */
int fan_gauges_rows(const struct fan_half *half);

/* Draws into the whole pane. When there are more things than rows, those that somebody waits for
 * come before the others, and the last row tells how many are not shown. */
void fan_gauges_draw(const struct fan_pane *pane, const struct fan_half *half);

/* Draws the row that sums up the work: `in flight 2/4     done 7/20`. */
void fan_gauges_draw_work(const struct fan_pane *pane, int row, const struct fan_half *half);

#endif
