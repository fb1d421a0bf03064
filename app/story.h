#ifndef FAN_APP_STORY_H
#define FAN_APP_STORY_H

#include <jansson.h>
#include <stdio.h>

#include "app/attempt.h"

/* The story of a schedule: what happened, in its order. A column for each thread, a row for each
 * operation with its place in the source, and a row wherever the scheduler goes from one thread to
 * another. Steps that repeat are folded. At most 80 columns wide.
 *
 *         main     worker 1 worker 2
 *      1  send in                                            02_missing_done.c:63
 *     --  worker 1 goes on, though main could
 *      2           recv in                                   02_missing_done.c:25
 *
 * The attempt was made under the controlled scheduler and has a run. */
void fan_story_print(FILE *out, const struct fan_attempt *attempt);

/* An array of the steps, none folded. */
json_t *fan_story_json(const struct fan_attempt *attempt);

#endif
