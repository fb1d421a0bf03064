#ifndef FAN_FLOW_ASYNC_H
#define FAN_FLOW_ASYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/flight.h"
#include "flow/inbox.h"
#include "flow/stream_state.h"
#include "run/cond.h"

/* What a call with asynchronous tasks has beside its stream. Its threads have other work than
 * those that block: departures (depart.c: take tasks from the source and start them) and arrivals
 * (arrive.c: hand over what has finished). Any thread does either, but only one at a time is at
 * the source, and one at the sink; who finds nothing to do sleeps until a flight lands. One thread
 * does all of it as long as nothing that it calls takes long.
 *
 * All of it is guarded by the stream's lock, but the inbox, which needs none. A flight that is
 * in use holds a reference of the stream. */
struct fan_async {
    struct fan_inbox inbox;
    size_t limit;    /* constant: flights between start and landing; */
    size_t capacity; /* and all that may be in use, less if there is no memory for more */
    size_t places;   /* constant: of the ring */

    struct fan_flight *free;
    struct fan_flight *latest; /* of those that exist */
    size_t exist;              /* flights, free ones too */
    size_t in_use;             /* from the source until handed over; of these, */
    size_t in_flight;          /* these have not landed, */
    size_t finished;           /* and these wait for the sink */

    struct fan_flight *delayed;       /* to be started; their thread is held up */
    struct fan_flight *first, **last; /* finished, as they came */
    struct fan_flight **ring;         /* finished, by index; NULL unless in order */
    uint64_t turn;                    /* in order: whose it is at the sink */
    int failure;                      /* the first to be noticed */

    struct fan_cond news;     /* here waits the one that is woken next, the others in reserve: */
    struct fan_cond reserve;  /* so where one thread is enough it is always the same one */
    bool watched;             /* one waits for news */
    unsigned waiting;         /* threads, at either */
    unsigned bells;           /* armed, or about to be rung */
    unsigned starting;        /* threads that call start */
    bool at_source, at_sink;  /* a thread is there */
    struct fan_mutex at_loop; /* held by who tells the caller's loop of the end; outermost */
    bool interrupted;         /* somebody does, or has */
    bool abandoned;           /* the call has returned */
    unsigned careful;         /* jobs to come that may hold up their thread */
    unsigned present;         /* threads that have begun to work */
    uint64_t untimed;         /* finished since one that was timed */
    uint64_t begun, seen;     /* jobs; at the last look but those in which nothing had changed, */
    uint64_t seen_ns;         /* which was then */
};

/* Made before the stream's threads are. NULL: no memory. */
struct fan_async *fan_async_new(struct fan_stream *stream);
void fan_async_free(struct fan_async *async);

/* How many threads the call may have. */
unsigned fan_async_threads(int limit);

/* What a thread of the crew does. */
void fan_async_work(struct fan_worker *worker);

/* With the lock: whether there is work and nobody to do it, because the threads that there are have
 * been at the same thing since the last look. */
bool fan_async_is_held_up(struct fan_stream *stream);

/* With the lock: whether that may come to be before somebody ends the rest of the call's own thread
 * (fan_crew_end_rest), as who begins with something does; and where no thread waits for news, who
 * brings some. */
bool fan_async_leaves_work(struct fan_stream *stream);

/* The rest is not to be begun: tells the caller's loop, once nobody starts tasks any more. */
void fan_async_interrupt(struct fan_stream *stream);

/* With the lock, and at the loop: the call returns though tasks are in flight: those keep their
 * memory and nobody waits for them. Returns the others, which have finished or are not begun. */
struct fan_flight *fan_async_abandon(struct fan_stream *stream);

/* A flight that its token has finished: into the inbox, or the end of what was abandoned. */
void fan_async_land(struct fan_flight *flight);

/* With the lock: a flight for a task that is about to come from the source, if there may be one
 * more; NULL if there is no memory for it. */
struct fan_flight *fan_async_reserve(struct fan_stream *stream);

/* With the lock: wakes a thread that waits, if one does. */
void fan_async_wake(struct fan_async *async);

/* With the lock: a flight has finished and waits for the sink. */
void fan_async_finish(struct fan_stream *stream, struct fan_flight *flight);

/* With the lock: the flights of a list are free. */
void fan_async_recycle(struct fan_stream *stream, struct fan_flight *flights);

/* Takes some tasks from the source and starts them; at the source. */
void fan_depart(struct fan_worker *worker);

/* With the lock: whether a thread has tasks to start behind the one that it is at. */
bool fan_depart_is_under_way(const struct fan_stream *stream);

/* Starts those that a thread which is held up had yet to start. */
void fan_depart_delayed(struct fan_worker *worker);

/* With the lock: finds those, for any thread that comes; of one that has not gone on since the
 * last look. */
void fan_depart_find_delayed(struct fan_stream *stream);

/* With the lock: the same of all threads, once nothing is to be begun any more. */
void fan_depart_find_rest(struct fan_stream *stream);

/* Hands over some results; at the sink. */
void fan_arrive(struct fan_worker *worker);

#endif
