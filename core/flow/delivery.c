#include <errno.h>

#include "flow/observed.h"

/* What became of a chunk's tasks. */
struct outcome {
    uint64_t done, failed, cancelled, late, dropped;
};

/* True if the sink has taken it. */
static bool offer(struct fan_stream *stream, const struct fan_task_result *result)
{
    if (fan_stream_is_stopped(stream) || (result->error && !stream->takes_failures))
        return false;
    int error = stream->sink.put(stream->sink.state, &stream->ctx, result);
    if (__builtin_expect(error != 0, 0))
        fan_crew_stop(stream, error);
    return error == 0;
}

static void hand_over(struct fan_stream *stream, const struct fan_task_result *result,
                      struct outcome *outcome)
{
    bool taken = offer(stream, result);
    if (result->error)
        outcome->failed++;
    else if (taken)
        outcome->done++;
    else
        outcome->dropped++;
}

static void tell_not_begun(struct fan_stream *stream, struct fan_task_result *result,
                           struct outcome *outcome)
{
    outcome->cancelled++;
    if (result->error != FAN_TOO_LATE)
        return;
    outcome->late++;
    result->error = ETIMEDOUT;
    offer(stream, result);
}

static void count(struct fan_probe_tally *tally, const struct outcome *outcome)
{
    fan_probe_count(&tally->done, outcome->done);
    fan_probe_count(&tally->failed, outcome->failed);
    fan_probe_count(&tally->cancelled, outcome->cancelled);
    fan_probe_count(&tally->dropped, outcome->dropped);
}

static void account(struct fan_worker *worker, const struct fan_chunk *chunk,
                    const struct outcome *outcome)
{
    struct fan_stream *stream = worker->stream;
    struct fan_report *report = &stream->report;
    fan_mutex_lock(&stream->lock);
    report->done += outcome->done;
    report->failed += outcome->failed;
    report->cancelled += outcome->cancelled;
    report->late += outcome->late;
    report->dropped += outcome->dropped;
    count(&worker->post->tally, outcome);
    fan_observed_counted(worker);
    if (outcome->failed + outcome->late > 0)
        fan_report_errors(report, chunk->first, chunk->errors, chunk->count);
    fan_mutex_unlock(&stream->lock);
}

static void hand_over_chunk(struct fan_worker *worker, struct fan_chunk *chunk)
{
    struct fan_stream *stream = worker->stream;
    struct outcome outcome = {0};
    for (uint32_t i = 0; i < chunk->count; i++) {
        struct fan_task_result result = {.index = chunk->first + i,
                                         .error = chunk->errors[i],
                                         .value = fan_stream_value(stream, chunk, i)};
        if (__builtin_expect(result.error < 0, 0))
            tell_not_begun(stream, &result, &outcome);
        else
            hand_over(stream, &result, &outcome);
    }
    account(worker, chunk, &outcome);
    fan_crew_give_chunk_back(worker, chunk);
}

/* Hands over the chunks whose turn it is, this one perhaps among them. */
static void hand_over_in_order(struct fan_worker *worker, struct fan_chunk *chunk)
{
    struct fan_stream *stream = worker->stream;
    struct fan_chunk **place = &stream->ring[chunk->sequence % stream->chunk_limit];
    *place = chunk;
    while (*(place = &stream->ring[stream->delivered % stream->chunk_limit])) {
        chunk = *place;
        *place = NULL;
        stream->delivered++;
        hand_over_chunk(worker, chunk);
    }
}

void fan_delivery_settle(struct fan_worker *worker, struct fan_chunk *chunk)
{
    struct fan_stream *stream = worker->stream;
    fan_observed_at(worker, FAN_AT_SINK);
    fan_mutex_lock(&stream->at_sink);
    if (stream->ring)
        hand_over_in_order(worker, chunk);
    else
        hand_over_chunk(worker, chunk);
    fan_mutex_unlock(&stream->at_sink);
}
