#ifndef FAN_FLOW_ADMIT_H
#define FAN_FLOW_ADMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/stream.h"

/* What the options put around one task: what it must have before it is begun, and its own context.
 * For the executor's own files. */
struct fan_stream;

/* What a task holds of what its call, and others, share. */
struct fan_hold {
    uint64_t permits;
    bool limited;      /* the limiter counts it */
    uint64_t began_ns; /* for the limiter */
};

/* Whether the options put anything around a task. */
bool fan_admit_is_needed(const struct fan_work *work, const struct fan_stream_options *options);

/* Runs one task with what the options put around it. Returns its error, FAN_NOT_BEGUN or FAN_TOO_LATE.
 * Goes on with a panic of the task. May block. */
int fan_admit_run(struct fan_stream *stream, const void *task, void *value);

/* Gets for a second copy of a task what that holds, or returns false if it would have to wait. */
bool fan_admit_copy(const struct fan_stream *stream, const struct fan_hold *held,
                    struct fan_hold *hold);

/* Gives all of it back, and tells the limiter what came of it. */
void fan_admit_leave(const struct fan_stream *stream, const struct fan_hold *hold, int error);

#endif
