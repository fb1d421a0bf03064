#ifndef FAN_APP_SCREEN_LESSON_VIEW_H
#define FAN_APP_SCREEN_LESSON_VIEW_H

#include "app/grid.h"
#include "app/screen/lesson_screen.h"

/*
 * The picture of a lesson: its name and the stages with the one in hand, the text, the keys. The
 * text is laid out for at most 80 columns: longer lines do not read well, however wide the
 * terminal.
 */

/* Draws the whole screen, footer included. */
void fan_lesson_view_draw(const struct fan_pane *pane, const struct fan_lesson_screen *screen);

/* The lines that the stage has, the lines shown at once, and the line from which on the reply to a
 * question is seen whole. */
int fan_lesson_view_lines(const struct fan_lesson_screen *screen);
int fan_lesson_view_page(const struct fan_lesson_screen *screen);
int fan_lesson_view_line_of_reply(const struct fan_lesson_screen *screen, int question);

#endif
