/* Arrivals: results are handed over, some at a time. */
#include "flow/async.h"
#include "flow/observed.h"

enum { MOST_TASKS = 64 };

/* ---- whose turn it is ---- */

static struct fan_flight *take_next(struct fan_async *async)
{
    struct fan_flight *flight = async->first;
    if (flight && !(async->first = flight->next))
        async->last = &async->first;
    return flight;
}

static struct fan_flight *take_next_in_order(struct fan_async *async)
{
    struct fan_flight **place = &async->ring[async->turn % async->places];
    struct fan_flight *flight = *place;
    *place = NULL;
    async->turn += flight != NULL;
    return flight;
}

static struct fan_flight *take_some(struct fan_stream *stream)
{
    struct fan_async *async = stream->async;
    struct fan_flight *flights = NULL, **end = &flights;
    fan_mutex_lock(&stream->lock);
    for (int left = MOST_TASKS; left > 0; left--) {
        struct fan_flight *flight = async->ring ? take_next_in_order(async) : take_next(async);
        if (!flight)
            break;
        flight->next = NULL;
        *end = flight;
        end = &flight->next;
        async->finished--;
    }
    fan_mutex_unlock(&stream->lock);
    return flights;
}

/* ---- at the sink ---- */

static void hand_over(struct fan_stream *stream, const struct fan_flight *flight,
                      struct fan_settled *outcome)
{
    struct fan_task_result result = {
        .index = flight->index, .error = flight->error, .value = flight->value};
    fan_delivery_hand_over(stream, &result, outcome);
}

static void list_failures(struct fan_report *report, const struct fan_flight *flights)
{
    for (; flights; flights = flights->next)
        fan_report_errors(report, flights->index, &flights->error, 1);
}

/* At the sink until it is counted: a call that leaves tasks behind waits that long for its
 * report. */
void fan_arrive(struct fan_worker *worker)
{
    struct fan_stream *stream = worker->stream;
    struct fan_settled outcome = {0};
    fan_observed_at(worker, FAN_AT_SINK);
    fan_mutex_lock(&stream->at_sink);
    struct fan_flight *flights = take_some(stream);
    for (const struct fan_flight *flight = flights; flight; flight = flight->next)
        hand_over(stream, flight, &outcome);
    fan_mutex_lock(&stream->lock);
    fan_delivery_account(worker, &outcome);
    if (outcome.failed + outcome.late > 0)
        list_failures(&stream->report, flights);
    fan_async_recycle(stream, flights);
    stream->async->at_sink = false;
    fan_mutex_unlock(&stream->lock);
    fan_mutex_unlock(&stream->at_sink);
}
