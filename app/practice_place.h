#ifndef FAN_APP_PRACTICE_PLACE_H
#define FAN_APP_PRACTICE_PLACE_H

#include <stdbool.h>

#include "lab/scenario.h"

/*
 * Where a practice file lies, and how it comes there. A file that is there and that somebody has
 * changed is never overwritten, but with `reset`; then what was in it is kept beside it, in a file
 * whose name has ".old" at its end.
 */
enum { FAN_PRACTICE_PATH = 600, FAN_PRACTICE_SAY = 1500 };

struct fan_practice_place {
    char path[FAN_PRACTICE_PATH];
    char directory[FAN_PRACTICE_PATH]; /* absolute */
    char program[FAN_PRACTICE_PATH];   /* this one, for a shell that does not find it */
    bool changed;                      /* somebody has changed it, and it was left as it is */
    char said[FAN_PRACTICE_SAY];       /* one line: what became of it, or why it could not be */
};

/* Writes the file with which practice begins, or (`solution`) the one with our repair, into a
 * directory; NULL = the current one. Returns 0 or an error, which is told in `said`: EEXIST (a
 * solution file that somebody has changed), or one of the system's. */
int fan_practice_place_write(const struct fan_scenario *bug, const char *directory, bool solution,
                             bool reset, struct fan_practice_place *place);

#endif
