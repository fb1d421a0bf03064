#ifndef FAN_APP_SCREEN_STACKS_H
#define FAN_APP_SCREEN_STACKS_H

#include "app/screen/half.h"

/*
 * The stacks of one thread, and what is known of its wait:
 *
 *     main  blocked at   collect  bugs/04_never_closed.c:58
 *           created at   (main thread)
 *           could wake   a send on out, or its close
 *           but never    worker 1 to worker 4 have ended
 */

/* How many rows tell it all in a pane of so many columns; `least` tell it without the callers of
 * the place it is at. */
int fan_stacks_rows(const struct fan_half *half, const struct fan_thread_view *thread, int cols,
                    int *least);

/* Draws into the whole pane, with as many callers as there is room for. */
void fan_stacks_draw(const struct fan_pane *pane, const struct fan_half *half,
                     const struct fan_thread_view *thread);

#endif
