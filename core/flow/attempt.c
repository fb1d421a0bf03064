#include <errno.h>
#include <limits.h>

#include "base/panic.h"
#include "flow/observed.h"
#include "run/time.h"

/* One that was not begun, since its context is done, is not to be missing among those handed
 * over. */
static void end_at_failure(struct fan_stream *stream, int error)
{
    if (fan_stream_is_stopped(stream))
        return;
    if (error == FAN_NOT_BEGUN)
        fan_crew_stop(stream, ECANCELED);
    else if (stream->options.policy == FAN_FAIL_FAST)
        fan_crew_stop(stream, error == FAN_TOO_LATE ? ETIMEDOUT : error);
}

/* A task without anything around it pays for nothing but its call. */
static inline int attempt(struct fan_worker *worker, struct fan_stream *stream,
                          const struct fan_work *work, bool admits, const char *task, char *value)
{
    fan_observed_show(worker);
    if (__builtin_expect(fan_stream_is_stopped(stream), 0))
        return FAN_NOT_BEGUN;
    if (admits)
        return fan_admit_run(stream, task, value);
    return work->run(work->argument, &stream->ctx, task, value);
}

/* The bits of an error that may end the call: all of them; or the sign of one that was not begun,
 * which does if it was for something around it. */
static inline int bits_that_matter(const struct fan_stream *stream)
{
    if (stream->options.policy == FAN_FAIL_FAST)
        return -1;
    return stream->admits ? INT_MIN : 0;
}

/* The same steps as below, so that who looks at them sees what nobody looks at. But where results
 * are handed over at once another thread may hand this one over, and those behind it, as soon as it
 * is noted: the call has ended by then, if it does. */
static void run_next(struct fan_worker *worker)
{
    struct fan_stream *stream = worker->stream;
    struct fan_chunk *chunk = worker->chunk;
    uint32_t i = worker->at++;
    int error = attempt(worker, stream, &stream->work, stream->admits,
                        fan_stream_task(stream, chunk, i), fan_stream_value(stream, chunk, i));
    if (error & bits_that_matter(stream))
        end_at_failure(stream, error);
    fan_chunk_note(chunk->errors, i, error);
}

static void run_timed(struct fan_worker *worker)
{
    uint64_t began_ns = fan_now_ns();
    worker->timing = false;
    run_next(worker);
    fan_observed_took(worker, began_ns);
}

static void run_and_tell(struct fan_worker *worker, enum fan_fence fence)
{
    while (fan_share_claim(&worker->post->share, worker->at, fence)) {
        fan_testimony_takes(worker, worker->at);
        run_next(worker);
    }
}

/* What is needed for each task is at hand, for all that the compiler knows the user's function
 * could change anything else; and no branch depends on whether a task failed, unless that matters
 * here. A chunk of which a thief has taken all may be gone: it is touched once a task of it is
 * claimed. */
__attribute__((always_inline)) static inline void run_rest(struct fan_worker *worker,
                                                           enum fan_fence fence, bool admits)
{
    struct fan_stream *stream = worker->stream;
    struct fan_share *share = &worker->post->share;
    const struct fan_work work = stream->work;
    const int matters = bits_that_matter(stream);
    uint32_t i = worker->at;
    if (!fan_share_claim(share, i, fence))
        return;
    int *errors = worker->chunk->errors;
    const char *task = fan_stream_task(stream, worker->chunk, i);
    char *value = fan_stream_value(stream, worker->chunk, i);
    do {
        int error = attempt(worker, stream, &work, admits, task, value);
        fan_chunk_note(errors, i++, error);
        if (__builtin_expect(error & matters, 0))
            end_at_failure(stream, error);
        task += work.task_size;
        value += work.result_size;
    } while (__builtin_expect(fan_share_claim(share, i, fence), 1));
    worker->at = i;
}

/* Until the end of the share is met. */
static void run_share(void *argument)
{
    struct fan_worker *worker = argument;
    enum fan_fence fence = worker->stream->fence;
    if (fan_testimony_is_wanted(&worker->told)) {
        run_and_tell(worker, fence);
        return;
    }
    if (worker->timing) {
        if (!fan_share_claim(&worker->post->share, worker->at, fence))
            return;
        run_timed(worker);
    }
    if (fence == FAN_FENCE_ASYMMETRIC && !worker->stream->admits)
        run_rest(worker, FAN_FENCE_ASYMMETRIC, false); /* what is usual has a loop of its own */
    else
        run_rest(worker, fence, worker->stream->admits);
}

static void run_claimed(void *argument)
{
    struct fan_worker *worker = argument;
    if (worker->timing)
        run_timed(worker);
    else
        run_next(worker);
}

/* The task that panicked is the one that was claimed last. */
static void take_panic(struct fan_worker *worker, const struct fan_panic *panic)
{
    struct fan_stream *stream = worker->stream;
    struct fan_chunk *chunk = worker->chunk;
    uint32_t index = fan_atomic_load(&worker->post->share.next, FAN_RELAXED) - 1;
    worker->at = index + 1;
    fan_mutex_lock(&stream->lock);
    fan_report_panic(&stream->report, chunk->first + index, panic);
    fan_mutex_unlock(&stream->lock);
    end_at_failure(stream, ENOTRECOVERABLE);
    fan_chunk_note(chunk->errors, index, ENOTRECOVERABLE);
}

/* Returns how long they took. */
static uint64_t run_all(struct fan_worker *worker, uint64_t began_ns)
{
    struct fan_panic panic;
    while (!fan_recover(run_share, worker, &panic))
        take_panic(worker, &panic);
    return fan_now_ns() - began_ns;
}

/* Each result is handed over at once, where a panic is not the task's. How long the first one took
 * stands for all: what they wait at the sink is none of their time. */
static uint64_t run_one_by_one(struct fan_worker *worker, uint64_t began_ns)
{
    struct fan_share *share = &worker->post->share;
    uint32_t begin = worker->at, i;
    uint64_t first_ns = 0;
    while (fan_share_claim(share, i = worker->at, worker->stream->fence)) {
        struct fan_panic panic;
        if (fan_testimony_is_wanted(&worker->told))
            fan_testimony_takes(worker, i);
        if (!fan_recover(run_claimed, worker, &panic))
            take_panic(worker, &panic);
        if (i == begin)
            first_ns = fan_now_ns() - began_ns;
        fan_delivery_at_once(worker, i);
    }
    return first_ns * (worker->at - begin);
}

/* With the lock: some of a chunk's tasks have been run; whether they were the last ones. Who was
 * left none of them has no say in it: the chunk may be another one by now. */
static bool count_off(struct fan_stream *stream, struct fan_chunk *chunk, uint32_t ran,
                      uint64_t elapsed_ns)
{
    if (ran == 0)
        return false;
    fan_pace_saw(&stream->running, elapsed_ns, ran);
    fan_intake_adapt(stream);
    chunk->unfinished -= ran;
    return chunk->unfinished == 0;
}

/* Whether the end that the owner met still is one under the thieves' lock; if so, the share is done
 * with, and *finished tells whether that was the last of its chunk. */
static bool end_share(struct fan_worker *worker, uint32_t begin, uint64_t elapsed_ns,
                      bool *finished)
{
    struct fan_stream *stream = worker->stream;
    fan_mutex_lock(&stream->lock);
    bool ends = fan_share_ends(&worker->post->share, worker->at);
    if (ends) {
        uint32_t ran = fan_atomic_load(&worker->post->share.end, FAN_RELAXED) - begin;
        *finished = count_off(stream, worker->chunk, ran, elapsed_ns);
        worker->chunk = NULL;
        fan_observed_ran(worker, ran);
    }
    fan_mutex_unlock(&stream->lock);
    return ends;
}

/* Runs the worker's share. Returns the chunk if there is nothing left to do in it. */
struct fan_chunk *fan_attempt_run(struct fan_worker *worker)
{
    struct fan_chunk *chunk = worker->chunk;
    uint32_t begin = worker->at;
    uint64_t began_ns = fan_now_ns(), elapsed_ns;
    bool finished;
    fan_observed_runs(worker, began_ns);
    do
        elapsed_ns = worker->stream->source.warns ? run_one_by_one(worker, began_ns)
                                                  : run_all(worker, began_ns);
    while (!end_share(worker, begin, elapsed_ns, &finished));
    return finished ? chunk : NULL;
}
