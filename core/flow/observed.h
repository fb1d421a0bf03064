#ifndef FAN_FLOW_OBSERVED_H
#define FAN_FLOW_OBSERVED_H

#include "flow/stream_state.h"

/* What an observer is shown of an executor (base/probe.h), and what that may cost: nothing for a
 * task, and for a chunk some stores to lines that the thread has to itself. A thread writes its
 * post whether somebody looks or not; the post stands in the thread's slot if it has one. */

/* A call begins, and is over; stream->shown is NULL where no observer is. */
void fan_observed_begin(struct fan_stream *stream);
void fan_observed_end(struct fan_stream *stream);

/* By a thread of the crew, first of all. */
void fan_observed_join(struct fan_worker *worker);

/* With the lock: one more thread has been started; a thread has counted something; it leaves. */
void fan_observed_grew(struct fan_stream *stream);
void fan_observed_counted(struct fan_worker *worker);
void fan_observed_leave(struct fan_worker *worker);

/* With the lock: the worker's share ends, of which it has run `ran` tasks. */
void fan_observed_ran(struct fan_worker *worker, uint32_t ran);

/* The worker begins with its share. From time to time it is to time the first task of it: then the
 * time is noted in worker->timing, until the task has ended. */
void fan_observed_runs(struct fan_worker *worker, uint64_t now_ns);
void fan_observed_took(struct fan_worker *worker, uint64_t began_ns);

/* An asynchronous task is about to be begun, alone or as the first of several or not; it has
 * finished; and, with the lock, that is noticed, at some time later. Some are timed. */
void fan_observed_begins(struct fan_flight *flight, bool first);
void fan_observed_lands(struct fan_flight *flight);
void fan_observed_flew(struct fan_async *async, const struct fan_flight *flight);

/* With the lock: so many asynchronous tasks are in flight, in no thread. */
static inline void fan_observed_flies(struct fan_stream *stream, size_t in_flight)
{
    if (stream->shown)
        FAN_PROBE_SET(stream->shown->unseen_in_flight, in_flight);
}

/* Under the controlled scheduler an object is told from others by where it is, and that must not
 * depend on whether somebody looks: there the post stays where it is, and a copy is shown. */
#ifdef FAN_SIM
void fan_observed_show(const struct fan_worker *worker);
#else
static inline void fan_observed_show(const struct fan_worker *worker)
{
    (void)worker;
}
#endif

/* What the worker is at now. */
static inline void fan_observed_at(struct fan_worker *worker, enum fan_probe_post_at at)
{
    FAN_PROBE_SET(worker->post->at, at);
    fan_observed_show(worker);
}

#endif
