#ifndef FAN_APP_TELL_H
#define FAN_APP_TELL_H

#include <stdbool.h>

#include "watch/finding.h"

/* What a snapshot shows, in words: the same ones in every report. */

/* "recv on out", "select on in, done"; without objects "sleep". The thread is blocked. */
void fan_tell_waiting(const struct fan_snapshot *now, const struct fan_thread_view *thread,
                      char words[160]);

/* "main: blocked 3.1 s, recv on out". Returns false, writing nothing, if it is not blocked. */
bool fan_tell_blocked(const struct fan_snapshot *now, const struct fan_thread_view *thread,
                      char words[200]);

/* "0.3 ms", "12 ms", "3.1 s" */
void fan_tell_duration(uint64_t ns, char words[24]);

/* Adds a figure to a list: "outputs 20, waited 12 ms". */
void fan_tell_figure(const struct fan_figure *figure, char *words, size_t size);

#endif
