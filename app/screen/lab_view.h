#ifndef FAN_APP_SCREEN_LAB_VIEW_H
#define FAN_APP_SCREEN_LAB_VIEW_H

#include "app/screen/lab_screen.h"

/*
 * The picture of the lab: two panes with verdict, lanes and gauges, below them the selected
 * thread's stacks and the source. 80x24 shows all of it; a larger terminal gives the rows to
 * stacks and source. A smaller one says so and shows one half.
 */
enum { FAN_LAB_VIEW_ROWS = 24, FAN_LAB_VIEW_COLS = 80 };

/* Draws the whole screen, footer included. */
void fan_lab_view_draw(const struct fan_pane *pane, const struct fan_lab_screen *lab);

/* The detail overlay at the lab's size: its lines in all, the lines it shows at once, and the first
 * line about a thread. */
int fan_lab_view_detail_lines(const struct fan_lab_screen *lab);
int fan_lab_view_detail_page(const struct fan_lab_screen *lab);
int fan_lab_view_detail_line_of(const struct fan_lab_screen *lab, int thread);

#endif
