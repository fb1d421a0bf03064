#ifndef FAN_APP_SCREEN_STEP_VIEW_H
#define FAN_APP_SCREEN_STEP_VIEW_H

#include "app/grid.h"
#include "app/screen/step_screen.h"

/*
 * The Step screen's picture: what runs and what is to be achieved; each thread with its next
 * operation and whether it can run; what has happened so far, a column a thread; and the line that
 * replays it. Below 80x24 it shows the threads alone, and says so.
 */
enum { FAN_STEP_VIEW_ROWS = 24, FAN_STEP_VIEW_COLS = 80 };

void fan_step_view_draw(const struct fan_pane *pane, const struct fan_step_screen *screen);

/* Of what lies over the screen and scrolls: how many lines it has, and how many are shown. */
int fan_step_view_lines(const struct fan_step_screen *screen);
int fan_step_view_page(const struct fan_step_screen *screen);

#endif
