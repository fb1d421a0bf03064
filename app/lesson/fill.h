#ifndef FAN_APP_LESSON_FILL_H
#define FAN_APP_LESSON_FILL_H

#include "app/lesson/lesson.h"

/* Runs the commands that a stage shows, once, and puts in what they print (figure.h); `program` is
 * the path of fanlab, NULL for this program. Blocks until they have ended. What fails says so in
 * its place; the first failure is returned too, with one line in `why`. */
int fan_fill_stage(struct fan_lesson *lesson, int stage, const char *program,
                   char why[FAN_LESSON_WHY]);

#endif
