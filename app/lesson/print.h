#ifndef FAN_APP_LESSON_PRINT_H
#define FAN_APP_LESSON_PRINT_H

#include <stdio.h>

#include "app/lesson/lesson.h"

enum { FAN_PRINT_COLUMNS = 80 };

/* Prints a lesson as plain text of 80 columns, from a stage on: `first` 0 is all of it. Hints and
 * the answers to its questions come at the end. The stages must be filled. ENOMEM, part of it
 * printed. */
int fan_print_lesson(FILE *out, const struct fan_lesson *lesson, int first, enum fan_view view);

/* Prints one hint behind what counts it, "hint 2  ". ENOMEM. */
int fan_print_hint(FILE *out, const char *mark, const struct fan_block *hint);

#endif
