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

void fan_delivery_count(struct fan_stream *stream, const struct fan_settled *outcome)
{
    struct fan_report *report = &stream->report;
    report->done += outcome->done;
    report->failed += outcome->failed;
    report->cancelled += outcome->cancelled;
    report->late += outcome->late;
    report->dropped += outcome->dropped;
}

void fan_delivery_account(struct fan_worker *worker, const struct fan_settled *outcome)
{
    fan_delivery_count(worker->stream, outcome);
    count(&worker->post->tally, outcome);
    fan_observed_counted(worker);
}

/* Those that were handed over at once have been listed then. */
static void account(struct fan_worker *worker, const struct fan_chunk *chunk,
                    const struct fan_settled *outcome)
{
    struct fan_stream *stream = worker->stream;
    fan_mutex_lock(&stream->lock);
    fan_delivery_account(worker, outcome);
    if (stream->source.warns) {
        fan_delivery_account(worker, &stream->settled);
        stream->settled = (struct fan_settled){0};
    }
    if (outcome->failed + outcome->late > 0)
        fan_report_errors(&stream->report, chunk->first + chunk->handed,
                          chunk->errors + chunk->handed, chunk->count - chunk->handed);
    fan_mutex_unlock(&stream->lock);
}

/* ---- a chunk's results ----
 *
 * Where some tasks fail at random nothing predicts which, and a mispredicted branch costs as much
 * as a tiny task: so here no branch depends on it. What follows hands over results from the first
 * on, until the call or the sink wants no more. Each returns how far it has come, and counts the
 * failures until there. */

typedef uint32_t hand_over(struct fan_stream *stream, const struct fan_chunk *chunk,
                           struct fan_settled *outcome);

static uint32_t hand_over_successes(struct fan_stream *stream, const struct fan_chunk *chunk,
                                    struct fan_settled *outcome)
{
    const size_t result_size = stream->work.result_size;
    struct fan_task_result result = {.index = chunk->first, .value = chunk->values};
    uint32_t i = 0;
    (void)outcome;
    while (i < chunk->count && !fan_stream_is_stopped(stream) && put(stream, &result)) {
        i++;
        result.index++;
        result.value = (const char *)result.value + result_size;
    }
    return i;
}

static uint32_t hand_over_both_kinds(struct fan_stream *stream, const struct fan_chunk *chunk,
                                     struct fan_settled *outcome)
{
    const size_t result_size = stream->work.result_size;
    const int *errors = chunk->errors;
    struct fan_task_result result = {
        .index = chunk->first, .error = errors[0], .value = chunk->values};
    uint32_t i = 0, failed = 0;
    while (i < chunk->count && !fan_stream_is_stopped(stream) && put(stream, &result)) {
        failed += errors[i++] != 0;
        result.error = errors[i];
        result.index++;
        result.value = (const char *)result.value + result_size;
    }
    outcome->failed = failed;
    return i;
}

/* There is a branch only where failures stand in a row, as one stands behind the last task. */
static uint32_t hand_over_no_failures(struct fan_stream *stream, const struct fan_chunk *chunk,
                                      struct fan_settled *outcome)
{
    const int *errors = chunk->errors;
    struct fan_task_result result = {0};
    uint32_t i = 0, good = 0;
    for (; i < chunk->count && !fan_stream_is_stopped(stream); i++) {
        i += errors[i] != 0;
        if (__builtin_expect(errors[i] != 0, 0))
            continue;
        result.index = chunk->first + i;
        result.value = fan_stream_value(stream, chunk, i);
        if (!put(stream, &result))
            break;
        good++;
    }
    i = i < chunk->count ? i : chunk->count;
    outcome->failed = i - good;
    return i;
}

/* NULL if tasks have something around them, for then some may not have been begun: the others have
 * been, unless the call ends early. */
static hand_over *way_for(const struct fan_stream *stream, const struct fan_chunk *chunk)
{
    if (fan_chunk_went_well(chunk))
        return hand_over_successes;
    if (stream->admits)
        return NULL;
    return stream->takes_failures ? hand_over_both_kinds : hand_over_no_failures;
}

static void hand_over_one_by_one(struct fan_stream *stream, const struct fan_chunk *chunk,
                                 uint32_t begin, struct fan_settled *outcome)
{
    for (uint32_t i = begin; i < chunk->count; i++) {
        struct fan_task_result result = {.index = chunk->first + i,
                                         .error = chunk->errors[i],
                                         .value = fan_stream_value(stream, chunk, i)};
        fan_delivery_hand_over(stream, &result, outcome);
    }
}

static void hand_over_chunk(struct fan_worker *worker, struct fan_chunk *chunk)
{
    struct fan_stream *stream = worker->stream;
    const uint32_t begin = chunk->handed;
    struct fan_settled outcome = {0};
    hand_over *way = begin == 0 ? way_for(stream, chunk) : NULL;
    uint32_t settled = way ? way(stream, chunk, &outcome) : begin;
    hand_over_one_by_one(stream, chunk, settled, &outcome);
    outcome.done = chunk->count - begin - outcome.failed - outcome.cancelled - outcome.dropped;
    account(worker, chunk, &outcome);
    fan_crew_give_chunk_back(worker, chunk);
}

/* ---- while the chunk has others that are not finished ---- */

static void list_failure(struct fan_stream *stream, const struct fan_chunk *chunk, uint32_t index)
{
    fan_mutex_lock(&stream->lock);
    fan_report_errors(&stream->report, chunk->first + index, chunk->errors + index, 1);
    fan_mutex_unlock(&stream->lock);
}

static void hand_over_one(struct fan_stream *stream, struct fan_chunk *chunk, uint32_t index)
{
    struct fan_task_result result = {
        .index = chunk->first + index,
        .error = fan_chunk_outcome(chunk, index),
        .value = fan_stream_value(stream, chunk, index),
    };
    bool is_to_be_listed = result.error != FAN_NOT_BEGUN && result.error != 0;
    fan_delivery_hand_over(stream, &result, &stream->settled);
    if (is_to_be_listed)
        list_failure(stream, chunk, index);
    fan_chunk_note(chunk->errors, index, FAN_HANDED);
    chunk->handed++;
}

/* The first ones in it, as far as they have been run. */
static void hand_over_begun(struct fan_stream *stream, struct fan_chunk *chunk)
{
    while (chunk->handed < chunk->count && fan_chunk_outcome(chunk, chunk->handed) != FAN_UNDER_WAY)
        hand_over_one(stream, chunk, chunk->handed);
}

void fan_delivery_at_once(struct fan_worker *worker, uint32_t index)
{
    struct fan_stream *stream = worker->stream;
    fan_observed_at(worker, FAN_AT_SINK);
    fan_mutex_lock(&stream->at_sink);
    if (!stream->ring)
        hand_over_one(stream, worker->chunk, index);
    else if (worker->chunk->sequence == stream->delivered)
        hand_over_begun(stream, worker->chunk);
    fan_mutex_unlock(&stream->at_sink);
    fan_observed_at(worker, FAN_AT_TASKS);
}

/* Its tasks that are not finished are in somebody's hand. It is not used again as long as the
 * caller is at the sink. */
static struct fan_chunk *find_begun(struct fan_stream *stream, uint64_t sequence)
{
    struct fan_chunk *found = NULL;
    fan_mutex_lock(&stream->lock);
    for (unsigned i = 0; i < stream->started && !found; i++) {
        struct fan_chunk *chunk = stream->workers[i].chunk;
        if (chunk && chunk->sequence == sequence)
            found = chunk;
    }
    fan_mutex_unlock(&stream->lock);
    return found;
}

/* ---- when all are ---- */

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
    if (stream->source.warns && (chunk = find_begun(stream, stream->delivered)))
        hand_over_begun(stream, chunk);
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
