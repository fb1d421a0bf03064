#ifndef FAN_FLOW_STREAM_STATE_H
#define FAN_FLOW_STREAM_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/probe.h"
#include "flow/admit.h"
#include "flow/chunk.h"
#include "flow/pace.h"
#include "flow/share.h"
#include "flow/stream.h"
#include "flow/testimony.h"
#include "run/cond.h"
#include "run/mutex.h"
#include "run/thread.h"
#include "sync/waitgroup.h"

/* What stands behind a call of fan_out_stream: shared by stream.c, the call itself; crew.c, its
 * threads; and the three things that these do in turn: take a chunk from the source (intake.c),
 * run it (attempt.c; admit.c and copies.c where options put something around each task), hand its
 * results over (delivery.c).
 *
 * `at_source` and `at_sink` are held by the thread that is there, also while a function of the
 * user's runs. `lock` guards the rest of the state, is held for a few lines at a time and never
 * while anything blocks; it is taken inside the other two. */
struct fan_async;
struct fan_flight;
struct fan_stream;

/* What became of some tasks. */
struct fan_settled {
    uint64_t done, failed, cancelled, late, dropped;
};

struct fan_worker {
    struct fan_stream *stream;
    struct fan_thread *thread; /* lock */
    struct fan_chunk *chunk;   /* lock: what its share is of; NULL = it has none */
    uint32_t from;             /* lock: where that begins */
    uint64_t seen;             /* lock: how far it was at the last look */
    struct fan_chunk *spare;   /* own: the chunk to fill next; NULL = it has to look for one */
    uint32_t at;               /* own: the task to begin or go on with */
    struct fan_flight *rest;   /* atomic: asynchronous tasks that it is about to start */
    struct fan_testimony told;
    /* Own, for an observer (flow/observed.h). */
    struct fan_probe_thread *slot; /* NULL = not shown */
    struct fan_probe_post *post;   /* where its share is: in the slot, or the one below */
    bool timing, took;             /* the share's first task is to be timed; has been */
    uint64_t took_ns, sample_ns;   /* how long that was; when to time another one */
    uint64_t untimed;              /* tasks run since */
    struct fan_probe_post unseen;
};

struct fan_stream {
    /* Constant once threads run. */
    struct fan_source source;
    struct fan_work work;
    struct fan_sink sink;
    struct fan_stream_options options;
    bool takes_failures; /* the sink */
    bool admits;         /* tasks have something around them: they are run by fan_admit_run */
    enum fan_fence fence;
    unsigned processors, limit;
    uint32_t chunk_tasks; /* the most in a chunk */
    size_t chunk_limit;   /* the most chunks */
    struct fan_probe_executor *shown;
    struct fan_copies *copies; /* NULL = tasks are not hedged */

    struct fan_async *async; /* what is different for asynchronous tasks (async.h); or NULL */

    struct fan_ctx ctx;        /* done when the rest is not to be begun; */
    bool stopped;              /* atomic: the same, cheap to look at */
    struct fan_ctx early;      /* below it, if time is reserved: done that much earlier */
    struct fan_ctx *inner;     /* constant: what source and tasks get, one of the two */
    struct fan_waitgroup crew; /* its threads */

    _Alignas(64) struct fan_mutex at_source;
    bool open;                 /* at_source: it may give more */
    bool warned;               /* at_source: it has said that the next call may wait */
    struct fan_pace filling;   /* at_source */
    uint32_t worth;            /* atomic, written with the lock: tasks that make a chunk to run */
    uint64_t taken, submitted; /* at_source: chunks and tasks so far */

    _Alignas(64) struct fan_mutex at_sink;
    bool sink_gone;             /* at_sink: it wants no more, or is the caller's again */
    struct fan_chunk **ring;    /* at_sink; ordered: finished chunks, until it is their turn */
    uint64_t delivered;         /* at_sink; ordered: whose turn it is */
    struct fan_settled settled; /* at_sink: of tasks handed over at once, not yet accounted for */

    _Alignas(64) struct fan_mutex lock; /* for all that follows */
    struct fan_cond room;               /* a chunk has come free */
    unsigned waiting;                   /* threads that wait for that */
    struct fan_list free;               /* chunks without a thread */
    size_t chunks;                      /* that exist */
    struct fan_pace running;
    unsigned started;
    bool over;               /* the source is */
    struct fan_ctx *resting; /* cancelled, the call's thread looks after the crew again; NULL */
    int error;               /* what ended the call early */
    struct fan_report report;
    unsigned references; /* the call and its threads */
    struct fan_worker workers[];
};

static inline char *fan_stream_task(const struct fan_stream *stream, const struct fan_chunk *chunk,
                                    uint32_t index)
{
    return chunk->tasks + index * stream->work.task_size;
}

static inline void *fan_stream_value(const struct fan_stream *stream, const struct fan_chunk *chunk,
                                     uint32_t index)
{
    return chunk->values + index * stream->work.result_size;
}

/* Whether the rest is not to be begun. */
static inline bool fan_stream_is_stopped(const struct fan_stream *stream)
{
    return fan_atomic_load(&stream->stopped, FAN_RELAXED);
}

/* Starts one more thread; with the lock. Errors: EAGAIN, ENOMEM. */
int fan_crew_grow(struct fan_stream *stream);

/* Whether there is, or may yet be, work that a thread leaves to another one, which the call's
 * thread would have to see to; with the lock. */
bool fan_crew_is_to_be_watched(const struct fan_stream *stream);

/* Whether there is, or may be before somebody ends the rest of the call's thread; with the lock. */
bool fan_crew_leaves_work(struct fan_stream *stream);

/* Somebody begins with something: the call's thread, if it rests, looks after the crew again;
 * with the lock. */
void fan_crew_end_rest(struct fan_stream *stream);

/* Whether a thread has been held up since the last look, by a task that takes longer than its like,
 * so that work waits which another could do; with the lock. */
bool fan_crew_is_held_up(struct fan_stream *stream);

/* Makes the call end early: what has not been begun will not be. The first reason counts. */
void fan_crew_stop(struct fan_stream *stream, int error);

/* A chunk that nobody uses, or NULL if there are to be no more; with the lock. */
struct fan_chunk *fan_crew_find_chunk(struct fan_stream *stream);

/* A chunk has been handed over: the worker keeps it as its spare one, or it is free for others. */
void fan_crew_give_chunk_back(struct fan_worker *worker, struct fan_chunk *chunk);

/* Gets the worker some of what another has not begun, of a chunk that was taken before that one;
 * false if there is nothing. With the lock. */
bool fan_crew_steal(struct fan_worker *worker, uint64_t before);

/* What the worker's share says becomes its work; with the lock. */
void fan_crew_give_share(struct fan_worker *worker, struct fan_chunk *chunk);

/* Gets the worker a share from the source, or, if it would have to wait for room, from another
 * worker; false if the source has no more. May block. */
bool fan_intake_take(struct fan_worker *worker);

/* What it means that the source gives no more: ENODATA, or the call's error. One that was
 * waiting when the time for tasks was over has no more of them, where only what was done by then
 * is asked for. Not with the lock. */
int fan_intake_end_of_source(struct fan_stream *stream, int error);

/* How long tasks take is known better now; with the lock. */
void fan_intake_adapt(struct fan_stream *stream);

/* Runs the worker's share. Returns the chunk if there is nothing left to do in it, or NULL. */
struct fan_chunk *fan_attempt_run(struct fan_worker *worker);

/* Offers a result to the sink and notes what became of its task; at the sink. `result->error` is
 * as a chunk notes it. May block. */
void fan_delivery_hand_over(struct fan_stream *stream, struct fan_task_result *result,
                            struct fan_settled *outcome);

/* Counts what became of some tasks, all but the list of failures; with the lock. The first is the
 * report's half of it. */
void fan_delivery_count(struct fan_stream *stream, const struct fan_settled *outcome);
void fan_delivery_account(struct fan_worker *worker, const struct fan_settled *outcome);

/* Hands over a finished chunk's results, in order if that is asked for. May block. */
void fan_delivery_settle(struct fan_worker *worker, struct fan_chunk *chunk);

/* Hands over the result of a task that the worker has run, though its chunk has others that are not
 * finished; in order only if it is its turn, and then those that waited for it. May block. */
void fan_delivery_at_once(struct fan_worker *worker, uint32_t index);

/* Waits until nobody is at the source, the sink or the loop, who may take longer than a task has
 * time to; whether somebody was there. */
bool fan_abandon_waits(struct fan_stream *stream);

/* The call is to return and leave behind what runs on. Source, sink and loop are the caller's and
 * may end with the call, so nobody is there any more; blocks until that is so. Returns whether a
 * task runs on; if not, the threads are about to leave. */
bool fan_abandon_rest(struct fan_stream *stream);

/* Gives one reference back, a worker's or, with NULL, another's; the last one frees the stream. */
void fan_stream_release(struct fan_stream *stream, struct fan_worker *worker);

#endif
