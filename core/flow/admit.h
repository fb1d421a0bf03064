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

/* A task on its way through all of this. */
struct fan_pass {
    struct fan_stream *stream;
    const void *task;
    void *value;
    struct fan_hold hold;
    struct fan_ctx timed;  /* its own, if it has a time-out */
    struct fan_ctx *inner; /* what it gets; NULL = it was not let in */
    int error;
};

/* Whether the options put anything around a task. */
bool fan_admit_is_needed(const struct fan_work *work, const struct fan_stream_options *options);

/* Runs one task with what the options put around it. Returns its error, FAN_NOT_BEGUN or
 * FAN_TOO_LATE. Goes on with a panic of the task. May block. */
int fan_admit_run(struct fan_stream *stream, const void *task, void *value);

/* The two halves of that, for a task which is not over when its function returns. The first one,
 * with stream and task set, lets it in: 0, or FAN_NOT_BEGUN, FAN_TOO_LATE or an errno value, and
 * then the other one must not follow. It may block; the other one does not. */
int fan_admit_enter(struct fan_pass *pass);
void fan_admit_end(struct fan_pass *pass, int error);

/* Gets for a second copy of a task what that holds, or returns false if it would have to wait. */
bool fan_admit_copy(const struct fan_stream *stream, const struct fan_hold *held,
                    struct fan_hold *hold);

/* Gives all of it back, and tells the limiter what came of it. */
void fan_admit_leave(const struct fan_stream *stream, const struct fan_hold *hold, int error);

#endif
