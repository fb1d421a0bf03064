#ifndef FAN_APP_LESSON_HTML_H
#define FAN_APP_LESSON_HTML_H

#include <stdio.h>

#include "app/lesson/course.h"

/* HTML that needs no network and no script: one file a page, its style within. */

/* Writes a lesson, its code in every language; hints and replies are folded. It must be filled. */
void fan_html_lesson(FILE *out, const struct fan_lesson *lesson);

/* Writes the list of all lessons, linked as 04.html and 04.txt. */
void fan_html_index(FILE *out, const struct fan_course *course);

#endif
