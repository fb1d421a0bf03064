#ifndef FAN_WATCH_WORDS_H
#define FAN_WATCH_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "watch/snapshot.h"

/* Words: text that grows in a buffer of fixed size. What does not fit is cut off, and three dots
 * say so. */
struct fan_words {
    char *text;
    size_t size, length;
};

/* Begins with an empty text in `size` bytes, at least 4. */
struct fan_words fan_words_begin(char *text, size_t size);

void fan_words_add(struct fan_words *words, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Some of a snapshot's threads, by index. */
struct fan_thread_set {
    bool has[FAN_PROBE_THREADS];
};

size_t fan_thread_set_count(const struct fan_thread_set *set);

/* Adds the labels of a set: "main, worker 1 to worker 4 and closer". */
void fan_words_threads(struct fan_words *words, const struct fan_snapshot *snapshot,
                       const struct fan_thread_set *set);

/* Adds what is waited for: "out", "worker 2", "a channel that is not shown". */
void fan_words_object(struct fan_words *words, const struct fan_snapshot *snapshot,
                      const struct fan_wait_view *wait);

/* Adds what a blocked thread does: "recv on channel out", "join of worker 2", "select on recv in,
 * send out". */
void fan_words_waits_for(struct fan_words *words, const struct fan_snapshot *snapshot,
                         const struct fan_thread_view *thread);

#endif
