#include <errno.h>

#include "base/panic.h"
#include "flow/observed.h"
#include "run/time.h"

/* A task without anything around it pays for nothing but its call. */
static int run_task(struct fan_stream *stream, const void *task, void *value)
{
    if (stream->admits)
        return fan_admit_run(stream, task, value);
    return stream->work.run(stream->work.argument, &stream->ctx, task, value);
}

/* One that was not begun, since its context is done, is not to be missing among those handed over. */
static void end_at_failure(struct fan_stream *stream, int error)
{
    if (error == FAN_NOT_BEGUN)
        fan_crew_stop(stream, ECANCELED);
    else if (stream->options.policy == FAN_FAIL_FAST)
        fan_crew_stop(stream, error == FAN_TOO_LATE ? ETIMEDOUT : error);
}

static bool share_goes_on(struct fan_worker *worker, uint32_t index)
{
    struct fan_stream *stream = worker->stream;
    if (__builtin_expect(fan_share_claim(&worker->post->share, index, stream->fence), 1))
        return true;
    fan_mutex_lock(&stream->lock);
    bool goes_on = !fan_share_ends(&worker->post->share, index);
    fan_mutex_unlock(&stream->lock);
    return goes_on;
}

static inline void run_unless_stopped(struct fan_worker *worker, uint32_t i)
{
    struct fan_stream *stream = worker->stream;
    struct fan_chunk *chunk = worker->chunk;
    fan_observed_show(worker);
    chunk->errors[i] = FAN_NOT_BEGUN;
    if (__builtin_expect(fan_stream_is_stopped(stream), 0))
        return;
    int error =
        run_task(stream, fan_stream_task(stream, chunk, i), fan_stream_value(stream, chunk, i));
    chunk->errors[i] = error;
    if (__builtin_expect(error != 0, 0))
        end_at_failure(stream, error);
}

static void run_timed(struct fan_worker *worker, uint32_t i)
{
    uint64_t began_ns = fan_now_ns();
    worker->timing = false;
    run_unless_stopped(worker, i);
    fan_observed_took(worker, began_ns);
}

static void run_share(void *argument)
{
    struct fan_worker *worker = argument;
    uint32_t i = worker->at;
    if (worker->timing && share_goes_on(worker, i))
        run_timed(worker, i++);
    for (; share_goes_on(worker, i); i++)
        run_unless_stopped(worker, i);
}

/* The task that panicked is the one that was claimed last. */
static void take_panic(struct fan_worker *worker, const struct fan_panic *panic)
{
    struct fan_stream *stream = worker->stream;
    struct fan_chunk *chunk = worker->chunk;
    uint32_t index = fan_atomic_load(&worker->post->share.next, FAN_RELAXED) - 1;
    chunk->errors[index] = ENOTRECOVERABLE;
    worker->at = index + 1;
    fan_mutex_lock(&stream->lock);
    fan_report_panic(&stream->report, chunk->first + index, panic);
    fan_mutex_unlock(&stream->lock);
    end_at_failure(stream, ENOTRECOVERABLE);
}

/* With the lock: some of a chunk's tasks have been run; whether they were the last ones. Who was left
 * none of them has no say in it: the chunk may be another one by now. */
static bool count_off(struct fan_stream *stream, struct fan_chunk *chunk, uint32_t ran,
                      uint64_t elapsed_ns)
{
    if (ran == 0)
        return false;
    fan_pace_saw(&stream->running, elapsed_ns, ran);
    chunk->unfinished -= ran;
    return chunk->unfinished == 0;
}

/* Runs the worker's share. Returns the chunk if there is nothing left to do in it. */
struct fan_chunk *fan_attempt_run(struct fan_worker *worker)
{
    struct fan_stream *stream = worker->stream;
    struct fan_chunk *chunk = worker->chunk;
    struct fan_panic panic;
    uint32_t begin = worker->at;
    uint64_t began_ns = fan_now_ns();
    fan_observed_runs(worker, began_ns);
    while (!fan_recover(run_share, worker, &panic))
        take_panic(worker, &panic);
    uint64_t elapsed_ns = fan_now_ns() - began_ns;
    fan_mutex_lock(&stream->lock);
    uint32_t ran = fan_atomic_load(&worker->post->share.end, FAN_RELAXED) - begin;
    bool finished = count_off(stream, chunk, ran, elapsed_ns);
    worker->chunk = NULL;
    fan_observed_ran(worker, ran);
    fan_mutex_unlock(&stream->lock);
    return finished ? chunk : NULL;
}
