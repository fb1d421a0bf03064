#ifndef FAN_FLOW_STREAM_STATE_H
#define FAN_FLOW_STREAM_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "flow/chunk.h"
#include "flow/pace.h"
#include "flow/share.h"
#include "flow/stream.h"
#include "run/cond.h"
#include "run/mutex.h"
#include "run/thread.h"
#include "sync/waitgroup.h"

/* What stands behind a call of fan_out_stream: shared by stream.c, the call itself, and crew.c, the
 * threads that do the work.
 *
 * `at_source` and `at_sink` are held by the thread that is there, also while a function of the
 * user's runs. `lock` guards the rest of the state, is held for a few lines at a time and never while
 * anything blocks; it is taken inside the other two. */
struct fan_stream;

struct fan_worker {
    struct fan_stream *stream;
    struct fan_thread *thread; /* lock */
    struct fan_chunk *chunk;   /* lock: what its share is of; NULL = it has none */
    uint64_t seen;             /* lock: how far it was at the last look */
    struct fan_chunk *spare;   /* own: the chunk to fill next; NULL = it has to look for one */
    struct fan_share share;
    uint32_t at; /* own: the task to begin or go on with */
};

struct fan_stream {
    /* Constant once threads run. */
    struct fan_source source;
    struct fan_work work;
    struct fan_sink sink;
    struct fan_stream_options options;
    bool takes_failures; /* the sink */
    enum fan_fence fence;
    unsigned processors, limit;
    uint32_t chunk_tasks; /* the most in a chunk */
    size_t chunk_limit;   /* the most chunks */

    struct fan_ctx ctx;        /* done when the rest is not to be begun; */
    bool stopped;              /* atomic: the same, cheap to look at */
    struct fan_waitgroup crew; /* its threads */

    _Alignas(64) struct fan_mutex at_source;
    bool open;                 /* at_source: it may give more */
    struct fan_pace filling;   /* at_source */
    uint64_t taken, submitted; /* at_source: chunks and tasks so far */

    _Alignas(64) struct fan_mutex at_sink;
    struct fan_chunk **ring; /* at_sink; ordered: finished chunks, until it is their turn */
    uint64_t delivered;      /* at_sink; ordered: whose turn it is */

    _Alignas(64) struct fan_mutex lock; /* for all that follows */
    struct fan_cond room;               /* a chunk has come free */
    struct fan_list free;               /* chunks without a thread */
    size_t chunks;                      /* that exist */
    struct fan_pace running;
    unsigned started;
    bool over;      /* the source is */
    int error;      /* what ended the call early */
    struct fan_report report;
    unsigned references; /* the call and its threads */
    struct fan_worker workers[];
};

/* Starts one more thread; with the lock. Errors: EAGAIN, ENOMEM. */
int fan_crew_grow(struct fan_stream *stream);

/* Whether a thread has been held up since the last look, by a task that takes longer than its like,
 * so that work waits which another could do; with the lock. */
bool fan_crew_is_held_up(struct fan_stream *stream);

/* Makes the call end early: what has not been begun will not be. The first reason counts. */
void fan_crew_stop(struct fan_stream *stream, int error);

/* Gives one reference back; the last one frees the stream. */
void fan_stream_release(struct fan_stream *stream);

#endif
