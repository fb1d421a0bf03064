#ifndef FAN_APP_PRACTICE_WATCH_H
#define FAN_APP_PRACTICE_WATCH_H

#include "app/practice_place.h"

/* Judges a practice file that lies at its place at each save, and at once if it has been worked on,
 * until it holds, or q, ctrl-c or a signal. After two attempts that do not hold, h shows a hint of
 * the lesson, then the next one. Keys come from the standard input, a terminal or not. Returns the
 * exit code. */
int fan_practice_watch(const struct fan_scenario *bug, const char *directory,
                       const struct fan_practice_place *place);

#endif
