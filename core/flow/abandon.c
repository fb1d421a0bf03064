/* What a call does about a task that does not end: it leaves the thread to itself, and names it to
 * whoever watches. */
#include <inttypes.h>
#include <stdio.h>

#include "flow/async.h"
#include "flow/copies.h"

/* Who is there knows from now on that nothing is wanted any more. Whether somebody was. */
static bool wait_until_left(struct fan_mutex *place)
{
    bool held = fan_mutex_trylock(place) != 0;
    if (held)
        fan_mutex_lock(place);
    fan_mutex_unlock(place);
    return held;
}

bool fan_abandon_waits(struct fan_stream *stream)
{
    bool waited = wait_until_left(&stream->at_source);
    waited |= wait_until_left(&stream->at_sink);
    return waited | (stream->async && wait_until_left(&stream->async->at_loop));
}

/* The task that a thread is at; with the lock. False if it is at none: it is about to begin, or to
 * leave. */
static bool task_of(const struct fan_worker *worker, uint64_t *task)
{
    const struct fan_chunk *chunk = worker->chunk;
    if (!chunk)
        return false;
    const struct fan_share *share = &worker->post->share;
    uint32_t next = fan_atomic_load(&share->next, FAN_RELAXED);
    if (next == worker->from || next > fan_atomic_load(&share->end, FAN_RELAXED))
        return false;
    *task = chunk->first + next - 1;
    return fan_chunk_outcome(chunk, next - 1) == FAN_UNDER_WAY;
}

/* ---- who runs on ---- */

static const char *name_of(const struct fan_stream *stream)
{
    return stream->options.name ? stream->options.name : "stream";
}

static double linger_ms(const struct fan_stream *stream)
{
    return (double)stream->options.linger_ns / 1e6;
}

static void name_task(const struct fan_worker *worker, uint64_t task, const struct fan_stack *here)
{
    struct fan_notice notice = {
        .kind = FAN_NOTICE_CANCEL_IGNORED,
        .threads[0] = fan_thread_id(worker->thread),
        .earlier_what = "left behind",
        .earlier = *here,
    };
    snprintf(notice.message, sizeof notice.message,
             "task %" PRIu64 " of %.23s ran on %g ms after its context was done", task,
             name_of(worker->stream), linger_ms(worker->stream));
    fan_thread_blocked_at(worker->thread, &notice.stack);
    fan_probe_noticed(&notice);
}

/* Where the tokens were handed out: not more than which function got them, since a stack for each
 * task would cost more than most tasks. As a return address, which is what a stack is made of. */
static struct fan_stack start_of(const struct fan_stream *stream)
{
    return (struct fan_stack){.depth = 1, .frames[0] = (uintptr_t)stream->work.start + 1};
}

/* Those that no thread is at. */
static void name_kept(const struct fan_stream *stream, uint64_t first, uint64_t count,
                      const struct fan_stack *here)
{
    struct fan_notice notice = {
        .kind = FAN_NOTICE_CANCEL_IGNORED,
        .stack = start_of(stream),
        .earlier_what = "left behind",
        .earlier = *here,
    };
    char others[32] = "";
    if (count > 1)
        snprintf(others, sizeof others, " and %" PRIu64 " more", count - 1);
    snprintf(notice.message, sizeof notice.message,
             "task %" PRIu64 " of %.23s%s not completed %g ms after the context was done; "
             "its start was given the token",
             first, name_of(stream), others, linger_ms(stream));
    fan_probe_noticed(&notice);
}

/* True also while somebody is about to call a start. */
static bool name_flights(const struct fan_stream *stream, const struct fan_stack *here)
{
    uint64_t first = UINT64_MAX, kept = 0;
    for (const struct fan_flight *flight = stream->async->latest; flight; flight = flight->older) {
        enum fan_flight_stage stage = fan_flight_stage(flight);
        if (stage == FAN_IN_START)
            name_task(flight->starter, flight->index, here);
        if (stage != FAN_IN_AIR)
            continue;
        kept++;
        first = flight->index < first ? flight->index : first;
    }
    if (kept > 0)
        name_kept(stream, first, kept, here);
    return kept > 0 || stream->async->starting > 0;
}

static bool name_tasks(struct fan_stream *stream, const struct fan_stack *here)
{
    uint64_t task;
    bool any = false;
    for (unsigned i = 0; i < stream->started; i++)
        if (task_of(&stream->workers[i], &task)) {
            name_task(&stream->workers[i], task, here);
            any = true;
        }
    if (stream->async)
        any |= name_flights(stream, here);
    return any;
}

/* ---- what became of the others ---- */

/* Of what is not handed over any more. */
static void account_for(struct fan_stream *stream, uint64_t index, int error)
{
    struct fan_settled outcome = {0};
    struct fan_task_result result = {.index = index, .error = error};
    fan_report_errors(&stream->report, index, &error, 1);
    fan_delivery_hand_over(stream, &result, &outcome);
    fan_delivery_count(stream, &outcome);
}

static bool somebody_is_at(const struct fan_stream *stream, uint64_t index)
{
    uint64_t task;
    for (unsigned i = 0; i < stream->started; i++)
        if (task_of(&stream->workers[i], &task) && task == index)
            return true;
    return false;
}

static void account_for_chunk(struct fan_stream *stream, const struct fan_chunk *chunk)
{
    for (uint32_t i = 0; i < chunk->count; i++) {
        int outcome = fan_chunk_outcome(chunk, i);
        if (outcome == FAN_HANDED)
            continue;
        if (outcome != FAN_UNDER_WAY || !somebody_is_at(stream, chunk->first + i))
            account_for(stream, chunk->first + i, outcome);
    }
}

static bool is_the_first_at_its_chunk(const struct fan_stream *stream, unsigned worker)
{
    for (unsigned i = 0; i < worker; i++)
        if (stream->workers[i].chunk == stream->workers[worker].chunk)
            return false;
    return true;
}

static void account_for_chunks(struct fan_stream *stream)
{
    fan_delivery_count(stream, &stream->settled);
    stream->settled = (struct fan_settled){0};
    for (unsigned i = 0; i < stream->started; i++)
        if (stream->workers[i].chunk && is_the_first_at_its_chunk(stream, i))
            account_for_chunk(stream, stream->workers[i].chunk);
    for (size_t i = 0; stream->ring && i < stream->chunk_limit; i++)
        if (stream->ring[i])
            account_for_chunk(stream, stream->ring[i]);
}

static void account_for_flights(struct fan_stream *stream, struct fan_flight *flights)
{
    for (const struct fan_flight *flight = flights; flight; flight = flight->next)
        account_for(stream, flight->index, flight->error);
    fan_async_recycle(stream, flights);
}

/* ---- leaving ---- */

/* At the sink and at the loop, with the lock. */
static bool leave_behind(struct fan_stream *stream, const struct fan_stack *here)
{
    if (!name_tasks(stream, here))
        return false;
    stream->sink_gone = true;
    if (stream->async)
        account_for_flights(stream, fan_async_abandon(stream));
    else
        account_for_chunks(stream);
    for (unsigned i = 0; i < stream->started; i++)
        fan_thread_detach(stream->workers[i].thread);
    return true;
}

static bool leave_with_lock(struct fan_stream *stream, const struct fan_stack *here)
{
    fan_mutex_lock(&stream->at_sink);
    fan_mutex_lock(&stream->lock);
    bool left = leave_behind(stream, here);
    fan_mutex_unlock(&stream->lock);
    fan_mutex_unlock(&stream->at_sink);
    return left;
}

bool fan_abandon_rest(struct fan_stream *stream)
{
    struct fan_async *async = stream->async;
    struct fan_stack here;
    wait_until_left(&stream->at_source);
    if (async)
        fan_mutex_lock(&async->at_loop);
    fan_stack_capture(&here, 1);
    bool left = leave_with_lock(stream, &here);
    if (async)
        fan_mutex_unlock(&async->at_loop);
    if (!left)
        return false;
    fan_copies_close(stream->copies, true);
    fan_ctx_detach(&stream->ctx);
    return true;
}
