/* Handing results over to the sink, a chunk at a time, and counting what became of its tasks. */
#include <errno.h>

#include "flow/observed.h"

/* True if the sink has taken it. */
static bool put(struct fan_stream *stream, const struct fan_task_result *result)
{
    int error = stream->sink.put(stream->sink.state, &stream->ctx, result);
    if (__builtin_expect(error == 0, 1))
        return true;
    stream->sink_gone = true;
    fan_crew_stop(stream, error);
    return false;
}

static bool is_to_be_told(struct fan_stream *stream)
{
    return stream->takes_failures &&
           (stream->sink.to_the_end ? !stream->sink_gone : !fan_stream_is_stopped(stream));
}

static void put_failure(struct fan_stream *stream, const struct fan_task_result *result)
{
    if (is_to_be_told(stream))
        put(stream, result);
}

static void tell_not_begun(struct fan_stream *stream, struct fan_task_result *result,
                           struct fan_settled *outcome)
{
    outcome->cancelled++;
    if (result->error != FAN_TOO_LATE)
        return;
    outcome->late++;
    result->error = ETIMEDOUT;
    put_failure(stream, result);
}

/* Of a task that was not begun or failed, or of any when the call is to end early. */
static void settle_other(struct fan_stream *stream, struct fan_task_result *result,
                         struct fan_settled *outcome)
{
    if (fan_chunk_has_failed(result->error)) {
        outcome->failed++;
        put_failure(stream, result);
    } else if (result->error == 0) {
        outcome->dropped++;
    } else {
        tell_not_begun(stream, result, outcome);
    }
}

void fan_delivery_hand_over(struct fan_stream *stream, struct fan_task_result *result,
                            struct fan_settled *outcome)
{
    if (result->error || fan_stream_is_stopped(stream))
        settle_other(stream, result, outcome);
    else if (put(stream, result))
        outcome->done++;
    else
        outcome->dropped++;
}

static void count(struct fan_probe_tally *tally, const struct fan_settled *outcome)
{
    fan_probe_count(&tally->done, outcome->done);
    fan_probe_count(&tally->failed, outcome->failed);
    fan_probe_count(&tally->cancelled, outcome->cancelled);
    fan_probe_count(&tally->dropped, outcome->dropped);
}

void fan_delivery_account(struct fan_worker *worker, const struct fan_settled *outcome)
{
    struct fan_report *report = &worker->stream->report;
    report->done += outcome->done;
    report->failed += outcome->failed;
    report->cancelled += outcome->cancelled;
    report->late += outcome->late;
    report->dropped += outcome->dropped;
    count(&worker->post->tally, outcome);
    fan_observed_counted(worker);
}

static void account(struct fan_worker *worker, const struct fan_chunk *chunk,
                    const struct fan_settled *outcome)
{
    struct fan_stream *stream = worker->stream;
    fan_mutex_lock(&stream->lock);
    fan_delivery_account(worker, outcome);
    if (outcome->failed + outcome->late > 0)
        fan_report_errors(&stream->report, chunk->first, chunk->errors, chunk->count);
    fan_mutex_unlock(&stream->lock);
}

static void hand_over_chunk(struct fan_worker *worker, struct fan_chunk *chunk)
{
    struct fan_stream *stream = worker->stream;
    const size_t result_size = stream->work.result_size;
    const char *value = chunk->values;
    struct fan_settled outcome = {0};
    for (uint32_t i = 0; i < chunk->count; i++, value += result_size) {
        int error = chunk->errors[i];
        struct fan_task_result result = {.index = chunk->first + i, .error = error, .value = value};
        if (__builtin_expect(error != 0 || fan_stream_is_stopped(stream), 0))
            settle_other(stream, &result, &outcome);
        else
            outcome.dropped += !put(stream, &result);
    }
    outcome.done = chunk->count - outcome.failed - outcome.cancelled - outcome.dropped;
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
