#ifndef FAN_APP_TELL_H
#define FAN_APP_TELL_H

#include <stdbool.h>
#include <stdio.h>

#include "watch/finding.h"

/* What a snapshot shows, in words: the same ones in every report. */

/* Writes words and a line's end, on as many lines of 80 columns as they need: the first one has
 * `used` columns already, the others begin with `indent` blanks. */
void fan_tell_wrapped(FILE *out, int used, int indent, const char *words);

/* "recv on out", "select on in, done"; without objects "sleep". The thread is blocked. */
void fan_tell_waiting(const struct fan_snapshot *now, const struct fan_thread_view *thread,
                      char words[160]);

/* "main: blocked 3.1 s, recv on out". Returns false, writing nothing, if it is not blocked. */
bool fan_tell_blocked(const struct fan_snapshot *now, const struct fan_thread_view *thread,
                      char words[200]);

/* "0.3 ms", "12 ms", "3.1 s" */
void fan_tell_duration(uint64_t ns, char words[24]);

/* The same from nanoseconds up: "850 ns", "12.3 us", "1.2 ms", "31 s"; and a count: "9999",
 * "12.3k", "1.2M". */
void fan_tell_short_time(uint64_t ns, char words[16]);
void fan_tell_count(double count, char words[16]);

/* An executor or task group: "resize, limit 3, best effort, 2 running, 12 waiting 31 ms", or with
 * "ended"; and what became of its tasks: "40 tasks: 36 done, 4 failed; p50 20.1 ms, p99 21.4 ms (40
 * timed)". */
void fan_tell_executor(const struct fan_snapshot *now, const struct fan_executor_view *executor,
                       char words[160]);
void fan_tell_tasks(const struct fan_executor_view *executor, char words[200]);

/* Adds a figure to a list: "outputs 20, waited 12 ms". */
void fan_tell_figure(const struct fan_figure *figure, char *words, size_t size);

#endif
