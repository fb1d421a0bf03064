#ifndef FAN_WATCH_CREWS_H
#define FAN_WATCH_CREWS_H

#include <stdbool.h>

#include "watch/snapshot.h"

/* The executors of a snapshot: their slots, and what the posts of their threads add to these.
 * Nothing in them is believed, as in any other slot (watch/slots.h). */

/* Fills a snapshot's executors. */
void fan_crews_read(const struct fan_probe_executor *slots, struct fan_snapshot *snapshot);

/* Whether no slot has changed since it was read. A thread that leaves takes its figures from its
 * own slot to the executor's: who has read one of them before that, and the other after it, must
 * read again. */
bool fan_crews_stand_still(const struct fan_probe_executor *slots,
                           const struct fan_snapshot *snapshot);

/* Once the threads are read too, and taken_ns is set: adds up what is in both, and clips it to what
 * can be. Orders the executors by id. */
void fan_crews_add_up(struct fan_snapshot *snapshot);

/* How fast executors are, lately: what the rates of a reader's next look are reckoned from. A
 * zeroed one is at the beginning. */
struct fan_crews_mark {
    uint64_t executor, at_ns, ended;
    double per_second;
};

struct fan_crews_rates {
    struct fan_crews_mark marks[FAN_PROBE_EXECUTORS]; /* by slot */
};

/* Sets each executor's rate: over the last quarter of a second or somewhat more, where there was a
 * look at that time; else since it began. */
void fan_crews_set_rates(struct fan_crews_rates *rates, struct fan_snapshot *snapshot);

#endif
