/* Who does what, in a call with asynchronous tasks. */
#include "flow/async.h"

#include <stdlib.h>

#include "flow/block.h"
#include "flow/observed.h"
#include "run/time.h"

enum {
    MOST_THREADS = 64,
    DEFAULT_QUEUE = 4096,
    HELD_UP_NS = 2000000,
    CAREFUL_JOBS = 64, /* after one that has held up its thread */
};

enum job {
    NO_JOB,
    DEPART_DELAYED,
    DEPART,
    ARRIVE,
    LEAVE,
};

/* ---- beginning and ending ---- */

/* One for each task in flight whose start blocks, and one each for source and sink, which may. */
unsigned fan_async_threads(int limit)
{
    return limit < MOST_THREADS - 2 ? (unsigned)limit + 2 : MOST_THREADS;
}

static struct fan_flight *new_flight(struct fan_stream *stream)
{
    struct fan_flight *flight =
        fan_flight_new(stream, stream->work.task_size, stream->work.result_size);
    if (!flight)
        return NULL;
    flight->older = stream->async->latest;
    stream->async->latest = flight;
    stream->async->exist++;
    return flight;
}

static bool allocate_first(struct fan_stream *stream)
{
    struct fan_async *async = stream->async;
    bool ordered = stream->options.ordered;
    async->ring = ordered ? calloc(async->places, sizeof(struct fan_flight *)) : NULL;
    async->free = new_flight(stream);
    return async->free && (async->ring || !ordered);
}

/* For tasks that wait for their start or, their results, for the sink. */
static size_t room_beside(const struct fan_stream_options *options)
{
    int64_t queue = options->queue ? options->queue : DEFAULT_QUEUE;
    return (size_t)(options->ordered && options->window ? options->window : queue);
}

struct fan_async *fan_async_new(struct fan_stream *stream)
{
    struct fan_async *async = fan_block_new(sizeof *async);
    if (!async)
        return NULL;
    *async = (struct fan_async){.limit = stream->options.limit ? (size_t)stream->options.limit
                                                               : stream->processors};
    async->news.name = "news";
    async->reserve.name = "reserve";
    async->at_loop.name = "loop";
    async->capacity = async->places = async->limit + room_beside(&stream->options);
    async->last = &async->first;
    stream->async = async;
    if (allocate_first(stream))
        return async;
    fan_async_free(async);
    return stream->async = NULL;
}

static void free_flights(struct fan_async *async)
{
    while (async->free) {
        struct fan_flight *next = async->free->next;
        free(async->free);
        async->free = next;
    }
}

void fan_async_free(struct fan_async *async)
{
    if (!async)
        return;
    fan_cond_destroy(&async->news);
    fan_cond_destroy(&async->reserve);
    fan_mutex_destroy(&async->at_loop);
    free_flights(async);
    free(async->ring);
    free(async);
}

/* ---- flights ---- */

struct fan_flight *fan_async_reserve(struct fan_stream *stream)
{
    struct fan_async *async = stream->async;
    struct fan_flight *flight = async->free;
    if (flight)
        async->free = flight->next;
    else if (!(flight = new_flight(stream)))
        async->capacity = async->exist;
    if (!flight)
        return NULL;
    flight->next = NULL;
    async->in_use++;
    async->in_flight++;
    stream->references++;
    return flight;
}

void fan_async_recycle(struct fan_stream *stream, struct fan_flight *flights)
{
    struct fan_async *async = stream->async;
    while (flights) {
        struct fan_flight *next = flights->next;
        flights->next = async->free;
        async->free = flights;
        async->in_use--;
        stream->references--;
        flights = next;
    }
}

void fan_async_finish(struct fan_stream *stream, struct fan_flight *flight)
{
    struct fan_async *async = stream->async;
    if (!async->failure && fan_chunk_has_failed(flight->error))
        async->failure = flight->error;
    async->in_flight--;
    async->finished++;
    fan_observed_flew(async, flight);
    flight->next = NULL;
    if (async->ring) {
        async->ring[flight->index % async->places] = flight;
        return;
    }
    *async->last = flight;
    async->last = &flight->next;
}

static bool anything_to_hand_over(const struct fan_async *async)
{
    return async->ring ? async->ring[async->turn % async->places] != NULL : async->first != NULL;
}

void fan_async_wake(struct fan_async *async)
{
    fan_cond_signal(async->watched ? &async->news : &async->reserve);
}

/* ---- landing ---- */

/* The bell keeps the stream alive: until it has been rung no thread leaves. */
static void ring(struct fan_stream *stream)
{
    fan_mutex_lock(&stream->lock);
    stream->async->bells--;
    fan_async_wake(stream->async);
    if (stream->async->waiting == 0)
        fan_crew_end_rest(stream);
    fan_mutex_unlock(&stream->lock);
}

void fan_async_land(struct fan_flight *flight)
{
    struct fan_stream *stream = flight->stream;
    fan_observed_lands(flight);
    fan_admit_end(&flight->pass, flight->error);
    switch (fan_inbox_put(&stream->async->inbox, flight)) {
    case FAN_LANDED:
        break;
    case FAN_LANDED_AND_RING:
        ring(stream);
        break;
    case FAN_NOT_LANDED:
        free(flight);
        fan_stream_release(stream, NULL);
        break;
    }
}

static void finish_all(struct fan_stream *stream, struct fan_flight *flight)
{
    while (flight) {
        struct fan_flight *next = flight->next;
        fan_async_finish(stream, flight);
        flight = next;
    }
}

static void collect(struct fan_stream *stream)
{
    struct fan_async *async = stream->async;
    bool disarmed;
    if (async->abandoned)
        return;
    struct fan_flight *landed = fan_inbox_take(&async->inbox, &disarmed);
    async->bells -= disarmed;
    finish_all(stream, landed);
    fan_observed_flies(stream, async->in_flight);
}

/* ---- what there is to do ---- */

/* Whether no task can be begun while one waits to be let in. */
static bool all_wait_alike(const struct fan_stream *stream)
{
    return stream->options.limiter || (stream->options.permits && !stream->work.weight);
}

/* Where they do, one thread does: it has some to start already. */
static bool may_depart(struct fan_stream *stream)
{
    const struct fan_async *async = stream->async;
    return !async->at_source && !(all_wait_alike(stream) && async->starting > 0) && !stream->over &&
           !fan_stream_is_stopped(stream) && async->in_flight < async->limit &&
           async->in_use < async->capacity;
}

static bool is_done(struct fan_stream *stream)
{
    const struct fan_async *async = stream->async;
    if (async->bells > 0)
        return false;
    if (async->abandoned)
        return true;
    return (stream->over || fan_stream_is_stopped(stream)) && !async->at_source &&
           async->in_use == 0;
}

/* Tasks in flight before results at the sink, but not more results than tasks. */
static enum job find_job(struct fan_stream *stream)
{
    const struct fan_async *async = stream->async;
    bool departs = may_depart(stream);
    bool arrives = !async->at_sink && anything_to_hand_over(async);
    if (is_done(stream))
        return LEAVE;
    if (async->delayed)
        return DEPART_DELAYED;
    if (departs && !(arrives && async->finished > async->limit))
        return DEPART;
    return arrives ? ARRIVE : NO_JOB;
}

static void begin_job(struct fan_async *async, enum job job)
{
    async->at_source |= job == DEPART;
    async->at_sink |= job == ARRIVE;
    async->begun++;
}

static bool arm_bell(struct fan_async *async)
{
    bool armed = fan_inbox_arm(&async->inbox);
    async->bells += armed;
    return armed;
}

static void arm_bell_or_wake(struct fan_async *async)
{
    if (!async->abandoned && !arm_bell(async))
        fan_async_wake(async);
}

/* Whether what a thread begins is likely to keep it, or could do so unnoticed. */
static bool expects_to_be_held_up(const struct fan_stream *stream)
{
    return stream->source.blocks || stream->async->careful > 0 || stream->started == stream->limit;
}

/* What this thread has begun may take long. Then somebody does what else there is to do, or will be
 * woken when there is something: one who waits, or if the source says that it blocks a new thread.
 * Where nothing takes long a second thread would be woken for nothing, at each completion. */
static void leave_somebody_behind(struct fan_stream *stream, enum job job)
{
    struct fan_async *async = stream->async;
    bool careful = expects_to_be_held_up(stream);
    async->careful -= async->careful > 0;
    if (async->waiting == 0) {
        if (job == DEPART && stream->source.blocks && stream->started == 1)
            fan_crew_grow(stream);
    } else if (job == LEAVE || (careful && find_job(stream) != NO_JOB)) {
        fan_async_wake(async);
    } else if (careful) {
        arm_bell_or_wake(async);
    }
}

/* One who has nothing to do, where all had, may be given what another one has yet to start. */
static void wait_for_news(struct fan_stream *stream)
{
    struct fan_async *async = stream->async;
    bool watches = !async->watched;
    if (!async->abandoned && !arm_bell(async))
        return;
    if (async->waiting == 0 && stream->started == stream->limit)
        fan_crew_end_rest(stream);
    async->watched = true;
    async->waiting++;
    fan_cond_wait(watches ? &async->news : &async->reserve, &stream->lock);
    async->waiting--;
    async->watched &= !watches;
}

static bool is_to_end(const struct fan_stream *stream)
{
    return stream->async->failure && stream->options.policy == FAN_FAIL_FAST &&
           !fan_stream_is_stopped(stream);
}

/* With the lock, which it leaves in between. */
static enum job next_job(struct fan_stream *stream)
{
    for (;;) {
        collect(stream);
        enum job job = find_job(stream);
        if (is_to_end(stream)) {
            int failure = stream->async->failure;
            fan_mutex_unlock(&stream->lock);
            fan_crew_stop(stream, failure);
            fan_mutex_lock(&stream->lock);
        } else if (job == NO_JOB) {
            wait_for_news(stream);
        } else {
            begin_job(stream->async, job);
            fan_crew_end_rest(stream);
            leave_somebody_behind(stream, job);
            return job;
        }
    }
}

static void do_job(struct fan_worker *worker, enum job job)
{
    if (job == DEPART_DELAYED)
        fan_depart_delayed(worker);
    else if (job == DEPART)
        fan_depart(worker);
    else
        fan_arrive(worker);
}

void fan_async_work(struct fan_worker *worker)
{
    struct fan_stream *stream = worker->stream;
    fan_mutex_lock(&stream->lock);
    stream->async->present++;
    fan_mutex_unlock(&stream->lock);
    for (;;) {
        fan_observed_at(worker, FAN_AT_NOTHING);
        fan_mutex_lock(&stream->lock);
        enum job job = next_job(stream);
        fan_mutex_unlock(&stream->lock);
        if (job == LEAVE)
            return;
        do_job(worker, job);
    }
}

/* ---- by the call's own thread ---- */

/* A thread that is only kept from its processor for a moment is not worth another one. */
static bool stand_still(struct fan_async *async)
{
    uint64_t now_ns = fan_now_ns();
    if (async->begun == async->seen)
        return now_ns - async->seen_ns >= HELD_UP_NS;
    async->seen = async->begun;
    async->seen_ns = now_ns;
    return false;
}

/* Where no more threads are to be had, what is left waits for one of them. */
bool fan_async_leaves_work(struct fan_stream *stream)
{
    struct fan_async *async = stream->async;
    if (stream->started == stream->limit && async->waiting == 0)
        return false;
    if (async->present < stream->started || fan_depart_is_under_way(stream) ||
        find_job(stream) != NO_JOB)
        return true;
    return async->bells == 0 && !arm_bell(async);
}

bool fan_async_is_held_up(struct fan_stream *stream)
{
    struct fan_async *async = stream->async;
    fan_depart_find_delayed(stream);
    bool still = stand_still(async) || async->delayed;
    if (!still || async->present < stream->started || async->waiting == stream->started)
        return false;
    collect(stream);
    enum job job = find_job(stream);
    bool held_up = job != NO_JOB && job != LEAVE;
    if (held_up)
        async->careful = CAREFUL_JOBS;
    if (held_up && async->waiting > 0)
        fan_async_wake(async);
    else if (async->waiting > 0)
        arm_bell_or_wake(async);
    return held_up && async->waiting == 0;
}

void fan_async_interrupt(struct fan_stream *stream)
{
    struct fan_async *async = stream->async;
    if (!stream->work.interrupt)
        return;
    fan_mutex_lock(&async->at_loop);
    fan_mutex_lock(&stream->lock);
    bool due = fan_stream_is_stopped(stream) && async->starting == 0 && !async->interrupted &&
               !async->abandoned;
    async->interrupted |= due;
    fan_mutex_unlock(&stream->lock);
    if (due)
        stream->work.interrupt(stream->work.argument);
    fan_mutex_unlock(&async->at_loop);
}

/* In front of others. */
static struct fan_flight *take_finished(struct fan_async *async, struct fan_flight *others)
{
    *async->last = others;
    struct fan_flight *all = async->first;
    async->first = NULL;
    async->last = &async->first;
    async->finished = 0;
    for (size_t i = 0; async->ring && i < async->places; i++)
        if (async->ring[i]) {
            async->ring[i]->next = all;
            all = async->ring[i];
            async->ring[i] = NULL;
        }
    return all;
}

static struct fan_flight *take_delayed(struct fan_stream *stream)
{
    fan_depart_find_rest(stream);
    struct fan_flight *delayed = stream->async->delayed;
    stream->async->delayed = NULL;
    for (struct fan_flight *flight = delayed; flight; flight = flight->next)
        flight->error = FAN_NOT_BEGUN;
    return delayed;
}

struct fan_flight *fan_async_abandon(struct fan_stream *stream)
{
    struct fan_async *async = stream->async;
    bool disarmed;
    struct fan_flight *landed = fan_inbox_close(&async->inbox, &disarmed);
    async->bells -= disarmed;
    finish_all(stream, landed);
    async->abandoned = true;
    fan_cond_broadcast(&async->news);
    fan_cond_broadcast(&async->reserve);
    return take_finished(async, take_delayed(stream));
}
