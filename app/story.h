#ifndef FAN_APP_STORY_H
#define FAN_APP_STORY_H

#include <jansson.h>
#include <stdio.h>

#include "app/attempt.h"

/* The story of a schedule: what happened, in its order. A column for each thread, a row for each
 * operation with the value that went through it or the error that came of it, and its place in the
 * source; and a row wherever the scheduler goes from one thread to another. Steps that repeat are
 * folded. The last rows say how it ended: who is stuck, and what was found.
 *
 *         main      worker 1  worker 2
 *      1  send in <- 0                                       02_missing_done.c:64
 *   ----  worker 1 goes on, though main could
 *      2            recv in -> 0                             02_missing_done.c:24
 *  stuck  wait on wait group working                         02_missing_done.c:77
 *   ====  DEADLOCK: main waits on working
 *
 * At most 80 columns wide: where there are more threads than fit, those that have no part in what
 * was found share a column.
 *
 * The attempt was made under the controlled scheduler and has a run. */
void fan_story_print(FILE *out, const struct fan_attempt *attempt);

/* An array of the steps, none folded. A value that is an integer is `value`; `bytes` (hexadecimal,
 * at most 8) and `size` are there for every value. `error` names what an operation returned, `case`
 * is what a select did, and `ends` the operation whose last step this is, at the fine grain. */
json_t *fan_story_json(const struct fan_attempt *attempt);

#endif
