#ifndef FAN_APP_SCREEN_CREWS_H
#define FAN_APP_SCREEN_CREWS_H

#include "app/screen/half.h"

/*
 * Executors and task groups: two rows for each. How many tasks are in flight of how many that may
 * be, how many more have been taken and wait, and since when, and where there is room the policy;
 * below that how many end in a second, what became of them, and where there is room how long one
 * takes.
 *
 *     resize  4/4 [####] 12 wait 310 ms
 *             1204/s 640 done 3 failed
 */
enum { FAN_CREWS_ROWS_EACH = 2 };

/* How many rows a run asks for. */
int fan_crews_rows(const struct fan_half *half);

/* Draws as many as the pane has room for, those that go on before those that have ended, and of
 * each the latest first. */
void fan_crews_draw(const struct fan_pane *pane, const struct fan_half *half);

#endif
