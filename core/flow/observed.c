/* A post's counters belong to its thread. The executor's slot is written with the stream's lock,
 * and seldom: when a thread comes or goes, or a task was timed. A thread without a slot of its own
 * is one of more than 256; its tasks are no short ones, and so it writes there for each share. */
#include "flow/observed.h"

#include "base/clock.h"
#include "flow/async.h"
#include "run/thread_state.h"
#include "run/time.h"

/* A clock read and some lines that others have: not for each chunk. */
enum { SAMPLE_NS = 100000 };

/* Of asynchronous tasks, which begin many at a time and end one by one, so many are timed. */
enum { TIMED_ONE_IN = 64 };

_Static_assert((int)FAN_POLICY_FAIL_FAST == FAN_FAIL_FAST &&
                   (int)FAN_POLICY_COLLECT_ALL == FAN_COLLECT_ALL &&
                   (int)FAN_POLICY_BEST_EFFORT == FAN_BEST_EFFORT,
               "the policies have the same numbers");

void fan_observed_begin(struct fan_stream *stream)
{
    enum fan_probe_policy policy = (enum fan_probe_policy)stream->options.policy;
    const char *name = stream->options.name ? stream->options.name : "stream";
    int limit = stream->options.limit;
    stream->shown =
        fan_probe_executor_add(FAN_EXECUTOR_STREAM, policy, name,
                               limit ? (uint64_t)limit : stream->processors, fan_thread_here()->id);
}

void fan_observed_end(struct fan_stream *stream)
{
    fan_probe_executor_end(stream->shown);
}

void fan_observed_grew(struct fan_stream *stream)
{
    if (stream->shown)
        fan_probe_count(&stream->shown->threads, 1);
}

static bool is_seen(const struct fan_worker *worker)
{
    return worker->slot || !worker->stream->shown;
}

void fan_observed_join(struct fan_worker *worker)
{
    struct fan_probe_executor *shown = worker->stream->shown;
    worker->slot = shown ? fan_thread_here()->slot : NULL;
#ifndef FAN_SIM
    if (worker->slot)
        worker->post = &worker->slot->post;
#endif
    FAN_PROBE_SET(worker->post->executor, shown ? shown->id : 0);
    fan_observed_show(worker);
}

void fan_observed_counted(struct fan_worker *worker)
{
    if (__builtin_expect(!is_seen(worker), 0))
        fan_probe_executor_collect(worker->stream->shown, worker->post, false);
    fan_observed_show(worker);
}

void fan_observed_leave(struct fan_worker *worker)
{
    fan_probe_executor_collect(worker->stream->shown, worker->post, true);
    fan_observed_show(worker);
}

void fan_observed_runs(struct fan_worker *worker, uint64_t now_ns)
{
    struct fan_stream *stream = worker->stream;
    if (stream->shown && now_ns >= worker->sample_ns)
        worker->timing = true;
    FAN_PROBE_SET(worker->post->since_ns, now_ns);
    fan_observed_at(worker, FAN_AT_TASKS);
    if (__builtin_expect(!is_seen(worker), 0))
        __atomic_fetch_add(&stream->shown->unseen_in_flight, 1, __ATOMIC_RELAXED);
}

void fan_observed_took(struct fan_worker *worker, uint64_t began_ns)
{
    worker->took = true;
    worker->took_ns = fan_now_ns() - began_ns;
    worker->sample_ns = began_ns + SAMPLE_NS;
}

/* A task that was timed stands for those since the one before. */
static void record(struct fan_probe_executor *shown, uint64_t took_ns, uint64_t *untimed)
{
    fan_probe_count(&shown->timed, 1);
    fan_histogram_record_many(&shown->latency, took_ns, *untimed);
    *untimed = 0;
}

void fan_observed_ran(struct fan_worker *worker, uint32_t ran)
{
    worker->untimed += ran;
    if (worker->took)
        record(worker->stream->shown, worker->took_ns, &worker->untimed);
    worker->took = false;
    if (__builtin_expect(!is_seen(worker), 0))
        __atomic_fetch_sub(&worker->stream->shown->unseen_in_flight, 1, __ATOMIC_RELAXED);
}

/* ---- asynchronous tasks ---- */

void fan_observed_begins(struct fan_flight *flight, bool first)
{
    flight->timed = flight->pass.stream->shown && (first || flight->index % TIMED_ONE_IN == 0);
    if (flight->timed)
        flight->time_ns = fan_now_ns();
}

void fan_observed_lands(struct fan_flight *flight)
{
    if (flight->timed)
        flight->time_ns = fan_now_ns() - flight->time_ns;
}

void fan_observed_flew(struct fan_async *async, const struct fan_flight *flight)
{
    async->untimed++;
    if (flight->timed)
        record(flight->pass.stream->shown, flight->time_ns, &async->untimed);
}

#ifdef FAN_SIM
/* The time of virtual clocks means nothing to who looks. */
void fan_observed_show(const struct fan_worker *worker)
{
    if (!worker->slot)
        return;
    worker->slot->post = *worker->post;
    worker->slot->post.since_ns = fan_clock_ns();
}
#endif
