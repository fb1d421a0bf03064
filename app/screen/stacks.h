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
enum { FAN_STACKS_LEAST = 4 };

/* How many rows tell all of a thread's stack; at least FAN_STACKS_LEAST. */
int fan_stacks_rows(const struct fan_half *half, const struct fan_thread_view *thread);

/* Draws into the whole pane. With more than FAN_STACKS_LEAST rows the callers of the first place
 * follow it. */
void fan_stacks_draw(const struct fan_pane *pane, const struct fan_half *half,
                     const struct fan_thread_view *thread);

#endif
