/* Departures: tasks are taken from the source, as many as take about 50 us to get and to start, and
 * started. Then the source is another thread's, if it wants it. */
#include <errno.h>

#include "base/panic.h"
#include "flow/async.h"
#include "flow/observed.h"
#include "run/time.h"

enum {
    BATCH_NS = 50000,
    MOST_TASKS = 512,
    LONG_START_NS = 20000, /* from here on a start is worth a thread */
};

/* Instead of what a worker has yet to start: it is about to take the first of it. */
#define BEING_TAKEN ((struct fan_flight *)1)

/* Tasks on their way from the source into flight. */
struct batch {
    struct fan_worker *worker;
    struct fan_stream *stream;
    struct fan_flight *first;   /* at the source */
    struct fan_flight *current; /* the latest that was started */
    struct fan_flight *over;    /* have finished before they flew */
    uint32_t count, started;
    bool waited; /* at the source, for the first one */
};

/* ---- at the source ---- */

static uint32_t batch_length(struct fan_stream *stream)
{
    if (stream->source.blocks && !stream->source.warns)
        return 1;
    uint32_t by_starting = fan_pace_count(&stream->running, BATCH_NS, MOST_TASKS);
    uint32_t by_filling = fan_pace_count(&stream->filling, BATCH_NS, MOST_TASKS);
    return by_starting < by_filling ? by_starting : by_filling;
}

static struct fan_flight *reserve(struct fan_stream *stream)
{
    struct fan_async *async = stream->async;
    struct fan_flight *flights = NULL, **end = &flights;
    fan_mutex_lock(&stream->lock);
    size_t room = async->limit - async->in_flight;
    for (uint32_t left = batch_length(stream); left > 0 && room > 0; left--, room--) {
        if (async->in_use == async->capacity || !(*end = fan_async_reserve(stream)))
            break;
        end = &(*end)->next;
    }
    fan_mutex_unlock(&stream->lock);
    return flights;
}

/* May wait, once the source has warned of it, but only for the first one. */
static int next_task(struct batch *batch, void *task)
{
    struct fan_stream *stream = batch->stream;
    int error;
    do {
        batch->waited |= stream->warned;
        error = stream->source.next(stream->source.state, stream->inner, task);
        stream->warned = error == EAGAIN && stream->source.warns;
    } while (stream->warned && batch->count == 0 && !fan_stream_is_stopped(stream));
    return error;
}

/* Gets tasks for the first of the flights, and leaves *rest where those without one begin.
 * Returns why the source gives no more, or 0. */
static int fill(struct batch *batch, struct fan_flight ***rest)
{
    struct fan_stream *stream = batch->stream;
    struct fan_flight *flight;
    *rest = &batch->first;
    while ((flight = **rest)) {
        int error = next_task(batch, flight->task);
        if (error)
            return stream->warned ? 0 : error;
        flight->index = stream->submitted++;
        *rest = &flight->next;
        batch->count++;
    }
    return 0;
}

/* The source is asked for no more once the context is done. */
static int fill_unless_done(struct batch *batch, struct fan_flight ***rest)
{
    int error = fan_ctx_error(&batch->stream->ctx);
    if (!error)
        return fill(batch, rest);
    fan_crew_stop(batch->stream, error);
    *rest = &batch->first;
    return ENODATA;
}

static void give_back(struct fan_stream *stream, struct fan_flight **flights)
{
    for (struct fan_flight *flight = *flights; flight; flight = flight->next)
        stream->async->in_flight--;
    fan_async_recycle(stream, *flights);
    *flights = NULL;
}

static void end_source(struct fan_stream *stream, int error)
{
    stream->over = true;
    if (!stream->error && error != ENODATA)
        stream->error = error;
}

/* Where starts take long others are to start too. */
static void find_company(struct fan_stream *stream)
{
    bool pays = stream->running.task_ps > LONG_START_NS * UINT64_C(1000) && !stream->over &&
                !fan_stream_is_stopped(stream);
    if (pays && stream->async->waiting > 0)
        fan_async_wake(stream->async);
    else if (pays && stream->started < stream->processors && stream->started < stream->limit)
        fan_crew_grow(stream);
}

/* Who is waited for until the source is left has counted by then what it gave. */
static void take_from_source(struct batch *batch)
{
    struct fan_stream *stream = batch->stream;
    struct fan_flight **rest;
    fan_observed_at(batch->worker, FAN_AT_SOURCE);
    fan_mutex_lock(&stream->at_source);
    batch->first = reserve(stream);
    uint64_t began_ns = fan_now_ns();
    int error = fill_unless_done(batch, &rest);
    uint64_t elapsed_ns = fan_now_ns() - began_ns;
    error = fan_intake_end_of_source(stream, error);
    fan_mutex_lock(&stream->lock);
    give_back(stream, rest);
    if (batch->count > 0 && !batch->waited)
        fan_pace_saw(&stream->filling, elapsed_ns, batch->count);
    if (error)
        end_source(stream, error);
    stream->report.submitted += batch->count;
    fan_probe_count(&batch->worker->post->tally.submitted, batch->count);
    fan_observed_counted(batch->worker);
    stream->async->at_source = false;
    stream->async->starting++;
    fan_atomic_store(&batch->worker->rest, batch->first, FAN_RELEASE);
    fan_crew_end_rest(stream);
    fan_observed_flies(stream, stream->async->in_flight);
    find_company(stream);
    fan_mutex_unlock(&stream->lock);
    fan_mutex_unlock(&stream->at_source);
}

/* ---- starting ---- */

static void put_aside(struct batch *batch, struct fan_flight *flight)
{
    flight->next = batch->over;
    batch->over = flight;
}

/* Others are not started behind a failure that ends the call. One that was not begun, since its
 * context is done, is not to be missing among those handed over. */
static void end_early(struct batch *batch, struct fan_flight *flight, int error)
{
    struct fan_stream *stream = batch->stream;
    flight->error = error;
    fan_observed_lands(flight);
    if (flight->pass.inner)
        fan_admit_end(&flight->pass, error);
    put_aside(batch, flight);
    if (error == FAN_NOT_BEGUN)
        fan_crew_stop(stream, ECANCELED);
    else if (error && stream->options.policy == FAN_FAIL_FAST)
        fan_crew_stop(stream, error == FAN_TOO_LATE ? ETIMEDOUT : error);
}

/* As soon as its token is out the flight may be another thread's, unless it has finished. */
static void call_start(struct batch *batch, struct fan_flight *flight)
{
    const struct fan_work *work = &batch->stream->work;
    flight->starter = batch->worker;
    fan_observed_begins(flight, batch->started == 1);
    struct fan_token token = fan_flight_begin(flight);
    int error = work->start(work->argument, flight->pass.inner, flight->task, flight->value, token);
    if (fan_flight_returned(flight, error))
        end_early(batch, flight, flight->error);
}

static void start(struct batch *batch, struct fan_flight *flight)
{
    struct fan_stream *stream = batch->stream;
    flight->error = FAN_NOT_BEGUN;
    flight->timed = false;
    flight->pass.hold = (struct fan_hold){0};
    flight->pass.inner = NULL;
    if (fan_stream_is_stopped(stream)) {
        put_aside(batch, flight);
        return;
    }
    int error = fan_admit_enter(&flight->pass);
    if (error)
        end_early(batch, flight, error);
    else
        call_start(batch, flight);
}

/* What is left is in the worker's hands only for a moment: at any other time it can be taken
 * from it. */
static struct fan_flight *take_next(struct fan_worker *worker)
{
    struct fan_flight *next = fan_atomic_exchange(&worker->rest, BEING_TAKEN, FAN_ACQUIRE);
    fan_atomic_store(&worker->rest, next ? next->next : NULL, FAN_RELEASE);
    return next;
}

static struct fan_flight *rest_of(const struct fan_worker *worker)
{
    return fan_atomic_load(&worker->rest, FAN_RELAXED);
}

static void finish_those_over(struct fan_stream *stream, struct fan_flight *flight)
{
    while (flight) {
        struct fan_flight *next = flight->next;
        if (stream->async->abandoned) {
            flight->next = NULL;
            fan_async_recycle(stream, flight);
        } else {
            fan_async_finish(stream, flight);
        }
        flight = next;
    }
}

/* The next start may block, and what is over is not to wait behind it: it would still count as in
 * flight. As long as there is a next one nobody takes this thread for stuck. */
static void finish_before_next(struct batch *batch)
{
    struct fan_stream *stream = batch->stream;
    if (!batch->over || !rest_of(batch->worker))
        return;
    fan_mutex_lock(&stream->lock);
    finish_those_over(stream, batch->over);
    fan_observed_flies(stream, stream->async->in_flight);
    fan_mutex_unlock(&stream->lock);
    batch->over = NULL;
}

static void start_batch(void *argument)
{
    struct batch *batch = argument;
    for (;;) {
        finish_before_next(batch);
        batch->current = take_next(batch->worker);
        if (!batch->current)
            return;
        batch->started++;
        start(batch, batch->current);
    }
}

static void take_panic(struct batch *batch, const struct fan_panic *panic)
{
    struct fan_stream *stream = batch->stream;
    fan_flight_crashed(batch->current);
    fan_mutex_lock(&stream->lock);
    fan_report_panic(&stream->report, batch->current->index, panic);
    fan_mutex_unlock(&stream->lock);
    end_early(batch, batch->current, ENOTRECOVERABLE);
}

static void end_batch(struct batch *batch, uint64_t elapsed_ns)
{
    struct fan_stream *stream = batch->stream;
    fan_mutex_lock(&stream->lock);
    if (batch->started > 0)
        fan_pace_saw(&stream->running, elapsed_ns, batch->started);
    finish_those_over(stream, batch->over);
    fan_observed_flies(stream, stream->async->in_flight);
    stream->async->starting--;
    fan_mutex_unlock(&stream->lock);
    if (fan_stream_is_stopped(stream))
        fan_async_interrupt(stream);
}

static void start_all(struct batch *batch)
{
    struct fan_panic panic;
    uint64_t began_ns = fan_now_ns();
    while (!fan_recover(start_batch, batch, &panic))
        take_panic(batch, &panic);
    end_batch(batch, fan_now_ns() - began_ns);
}

void fan_depart(struct fan_worker *worker)
{
    struct batch batch = {.worker = worker, .stream = worker->stream};
    take_from_source(&batch);
    start_all(&batch);
}

/* ---- where a start blocks ---- */

void fan_depart_delayed(struct fan_worker *worker)
{
    struct fan_stream *stream = worker->stream;
    struct batch batch = {.worker = worker, .stream = stream};
    fan_mutex_lock(&stream->lock);
    fan_atomic_store(&worker->rest, stream->async->delayed, FAN_RELEASE);
    stream->async->delayed = NULL;
    stream->async->starting++;
    fan_mutex_unlock(&stream->lock);
    start_all(&batch);
}

static void append(struct fan_flight **flights, struct fan_flight *more)
{
    while (*flights)
        flights = &(*flights)->next;
    *flights = more;
}

bool fan_depart_is_under_way(const struct fan_stream *stream)
{
    for (unsigned i = 0; i < stream->started; i++)
        if (rest_of(&stream->workers[i]))
            return true;
    return false;
}

/* Unless the worker has gone on. */
static void take_rest(struct fan_worker *worker, struct fan_flight *rest)
{
    if (!rest || rest == BEING_TAKEN ||
        !fan_atomic_compare_exchange(&worker->rest, &rest, NULL, FAN_ACQUIRE, FAN_RELAXED))
        return;
    append(&worker->stream->async->delayed, rest);
}

void fan_depart_find_delayed(struct fan_stream *stream)
{
    for (unsigned i = 0; i < stream->started; i++) {
        struct fan_worker *worker = &stream->workers[i];
        struct fan_flight *rest = rest_of(worker);
        bool still = (uintptr_t)rest == worker->seen;
        worker->seen = (uintptr_t)rest;
        if (still)
            take_rest(worker, rest);
    }
}

void fan_depart_find_rest(struct fan_stream *stream)
{
    for (unsigned i = 0; i < stream->started; i++)
        take_rest(&stream->workers[i], rest_of(&stream->workers[i]));
}
