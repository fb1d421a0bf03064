#ifndef FAN_APP_SCREEN_DETAIL_H
#define FAN_APP_SCREEN_DETAIL_H

#include "app/screen/half.h"

/*
 * Everything that is known of one half, as lines to scroll through: the findings with their proof
 * and their culprits' full stacks, then the stacks of the other threads.
 */

/* Draws the lines from `first` on into the pane and returns how many there are in all. A pane of
 * no rows only counts. */
int fan_detail_draw(const struct fan_pane *pane, const struct fan_half *half, int first);

/* The first line of the part about a thread, 0 when there is none. */
int fan_detail_line_of(const struct fan_pane *pane, const struct fan_half *half,
                       const struct fan_thread_view *thread);

#endif
