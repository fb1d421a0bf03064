#ifndef FAN_APP_SCREEN_SOURCE_H
#define FAN_APP_SCREEN_SOURCE_H

#include "app/screen/half.h"

/*
 * The source of the scenario, with the line that each thread stands on:
 *
 *     >  58   while (fan_chan_recv(out, &result, NULL) == 0)   main
 *        59           total += result;
 *        61   close_when_done(out);   worker 1, worker 2
 */

/* Draws into the whole pane, with the selected thread's line in sight, else the first thread's
 * that has one. `file` is the path that places of this source carry; `source` is its text. */
void fan_source_draw(const struct fan_pane *pane, const char *file, const char *source,
                     const struct fan_half *half, int selected);

#endif
