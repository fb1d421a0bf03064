/* What a call does about a task that does not end: it leaves the thread to itself, and names it to
 * whoever watches. */
#include <inttypes.h>
#include <stdio.h>

#include "flow/async.h"
#include "flow/copies.h"

/* Who is there knows from now on that nothing is wanted any more. */
static void wait_until_source_is_left(struct fan_stream *stream)
{
    fan_mutex_lock(&stream->at_source);
    fan_mutex_unlock(&stream->at_source);
}

static void take_sink_away(struct fan_stream *stream)
{
    fan_mutex_lock(&stream->at_sink);
    stream->sink_gone = true;
    fan_mutex_unlock(&stream->at_sink);
}

/* The task that a thread is at; with the lock. False if it is at none, and about to leave. */
static bool task_of(const struct fan_worker *worker, uint64_t *task)
{
    const struct fan_chunk *chunk = worker->chunk;
    if (!chunk)
        return false;
    const struct fan_share *share = &worker->post->share;
    uint32_t index = fan_atomic_load(&share->next, FAN_RELAXED) - 1;
    *task = chunk->first + index;
    return index < fan_atomic_load(&share->end, FAN_RELAXED) &&
           fan_chunk_outcome(chunk, index) == FAN_UNDER_WAY;
}

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

static void name_flights(const struct fan_stream *stream, const struct fan_stack *here)
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
}

static void name_tasks(struct fan_stream *stream)
{
    struct fan_stack here;
    uint64_t task;
    fan_stack_capture(&here, 2);
    for (unsigned i = 0; i < stream->started; i++)
        if (task_of(&stream->workers[i], &task))
            name_task(&stream->workers[i], task, &here);
    if (stream->async)
        name_flights(stream, &here);
}

void fan_abandon_rest(struct fan_stream *stream)
{
    wait_until_source_is_left(stream);
    take_sink_away(stream);
    fan_mutex_lock(&stream->lock);
    name_tasks(stream);
    if (stream->async)
        fan_async_abandon(stream);
    for (unsigned i = 0; i < stream->started; i++)
        fan_thread_detach(stream->workers[i].thread);
    fan_mutex_unlock(&stream->lock);
    fan_copies_close(stream->copies, true);
    fan_ctx_detach(&stream->ctx);
}
