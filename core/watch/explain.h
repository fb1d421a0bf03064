#ifndef FAN_WATCH_EXPLAIN_H
#define FAN_WATCH_EXPLAIN_H

#include <stddef.h>

#include "watch/finding.h"
#include "watch/words.h"

/* What a snapshot tells of threads that wait, in words: facts, not causes. */

/* Fills in a blocked thread's part in a finding: what it waits for, what could wake it, and what
 * stands against that. */
void fan_explain_culprit(const struct fan_snapshot *snapshot, uint32_t index,
                         struct fan_culprit *culprit);

/* "main waits on out; worker 1 to worker 3 wait on in". */
void fan_explain_summary(const struct fan_snapshot *snapshot, const struct fan_thread_set *waiting,
                         char summary[160]);

#endif
