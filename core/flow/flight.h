#ifndef FAN_FLOW_FLIGHT_H
#define FAN_FLOW_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/stream_state.h"

/* A flight: an asynchronous task from its start until its result has been handed over, in one piece
 * of memory that serves one task after the other. It has finished when both its start has returned
 * and its token was completed, in whichever order: whoever comes second takes it further. So a
 * start may look at its task to its end, also where the completion overtakes it.
 *
 * The two meet in one word: the turn (which use of the memory this is), what has happened, and the
 * error. */
struct fan_flight {
    struct fan_flight *next; /* in whichever list it is */
    uint64_t word;           /* atomic */
    struct fan_stream *stream;
    struct fan_flight *older;         /* of those that exist */
    const struct fan_worker *starter; /* whose thread calls its start */
    struct fan_pass pass;             /* from its start until it has finished */
    uint64_t index;                   /* of the task in the source */
    int error;                        /* once finished; as a chunk notes it (flow/chunk.h) */
    bool timed;                       /* for an observer (flow/observed.h): this says when it */
    uint64_t time_ns;                 /* began and, once it has finished, how long it took */
    char *task, *value;
};

enum fan_flight_stage {
    FAN_ON_GROUND, /* not begun, or finished */
    FAN_IN_START,  /* its start has not returned, */
    FAN_IN_AIR,    /* or has, and its token is kept */
};

/* Memory for a flight and its task and result; free() gives it back. NULL if there is not
 * enough. */
struct fan_flight *fan_flight_new(struct fan_stream *stream, size_t task_size, size_t result_size);

/* Begins another turn: tokens of earlier ones are void. */
struct fan_token fan_flight_begin(struct fan_flight *flight);

/* Where it is. For another thread than its own, while no further turn can begin. */
enum fan_flight_stage fan_flight_stage(const struct fan_flight *flight);

/* The start has returned 0, or the task's failure. Returns whether the flight has finished. Panics
 * if it failed and was completed as well. */
bool fan_flight_returned(struct fan_flight *flight, int error);

/* The start has panicked: the flight has finished, whatever its token says. */
void fan_flight_crashed(struct fan_flight *flight);

/* The token was completed. Returns whether the flight has finished; if not, it is not to be touched
 * any more. Panics if it had been completed before. */
bool fan_flight_completed(struct fan_token token, int error);

#endif
