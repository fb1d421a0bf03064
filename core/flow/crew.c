/* A thread of the crew takes a chunk from the source, runs it, hands its results over, and comes
 * again. When the source has no more, it helps those who are still at it.
 *
 * There are no more threads than pay: one that leaves the source starts the next one only while
 * there are fewer than processors, or if the tasks take so long that their beginning is worth a
 * thread (they sleep, as a rule). Whoever misjudges that is corrected by the call's own thread, which looks
 * after the crew while it waits (stream.c). So short tasks never pay for the waking of a thread,
 * whatever the limit. */
#include <errno.h>
#include <stdlib.h>

#include "base/panic.h"
#include "flow/stream_state.h"
#include "run/time.h"
#include "sync/timer.h"

enum {
    CHUNK_NS = 50000,     /* a chunk is to take about that long */
    LONG_TASK_NS = 20000, /* from here on a task is worth a thread */
    FIRST_LOOK_NS = 50000,
    LAST_LOOK_NS = 2000000,
};

/* ---- ending early ---- */

static bool is_stopped(const struct fan_stream *stream)
{
    return fan_atomic_load(&stream->stopped, FAN_RELAXED);
}

void fan_crew_stop(struct fan_stream *stream, int error)
{
    fan_mutex_lock(&stream->lock);
    if (!stream->error)
        stream->error = error;
    fan_mutex_unlock(&stream->lock);
    fan_atomic_store(&stream->stopped, true, FAN_RELAXED);
    fan_ctx_cancel(&stream->ctx, error);
}

static void look_at_context(struct fan_stream *stream)
{
    int error = is_stopped(stream) ? 0 : fan_ctx_error(&stream->ctx);
    if (error)
        fan_crew_stop(stream, error);
}

/* ---- chunks ---- */

static struct fan_chunk *new_chunk(struct fan_stream *stream)
{
    if (stream->chunks == stream->chunk_limit)
        return NULL;
    struct fan_chunk *chunk =
        fan_chunk_new(stream->chunk_tasks, stream->work.task_size, stream->work.result_size);
    stream->chunks += chunk != NULL;
    return chunk;
}

/* With the lock. */
static struct fan_chunk *find_chunk(struct fan_stream *stream)
{
    if (fan_list_empty(&stream->free))
        return new_chunk(stream);
    struct fan_chunk *chunk = FAN_LIST_ELEMENT(stream->free.next, struct fan_chunk, link);
    fan_list_remove(&chunk->link);
    return chunk;
}

static void give_chunk_back(struct fan_worker *worker, struct fan_chunk *chunk)
{
    struct fan_stream *stream = worker->stream;
    if (!worker->spare) {
        worker->spare = chunk;
        return;
    }
    fan_mutex_lock(&stream->lock);
    fan_list_insert(&chunk->link, &stream->free);
    fan_cond_signal(&stream->room);
    fan_mutex_unlock(&stream->lock);
}

/* ---- helping ---- */

static uint64_t position(const struct fan_worker *worker)
{
    return (worker->chunk->sequence << 32) + fan_atomic_load(&worker->share.next, FAN_RELAXED);
}

/* Notes how far each thread is. One that has not moved is held up, if there is anything that another
 * one could do for it. */
static struct fan_worker *find_held_up(struct fan_stream *stream, bool *anything)
{
    struct fan_worker *found = NULL;
    *anything = false;
    for (unsigned i = 0; i < stream->started; i++) {
        struct fan_worker *worker = &stream->workers[i];
        if (!worker->chunk || fan_share_left(&worker->share) == 0)
            continue;
        *anything = true;
        if (position(worker) == worker->seen)
            found = worker;
        worker->seen = position(worker);
    }
    return found;
}

static void give_share(struct fan_worker *worker, struct fan_chunk *chunk)
{
    worker->chunk = chunk;
    worker->seen = UINT64_MAX;
    worker->at = fan_atomic_load(&worker->share.next, FAN_RELAXED);
}

/* With the lock. Sets *anything to whether there are shares that are worth another look. */
static bool steal(struct fan_worker *worker, bool *anything)
{
    struct fan_stream *stream = worker->stream;
    struct fan_worker *victim = find_held_up(stream, anything);
    if (!victim || !fan_share_steal(&victim->share, stream->fence, &worker->share))
        return false;
    give_share(worker, victim->chunk);
    stream->report.stolen += fan_share_left(&worker->share);
    return true;
}

/* Gets a share of a thread that is held up. While there are tasks that nobody has begun it looks
 * again and again; false if there are none. */
static bool help(struct fan_worker *worker)
{
    struct fan_stream *stream = worker->stream;
    uint64_t pause_ns = FIRST_LOOK_NS;
    for (;;) {
        bool anything;
        fan_mutex_lock(&stream->lock);
        bool got = steal(worker, &anything);
        fan_mutex_unlock(&stream->lock);
        if (got || !anything)
            return got;
        fan_sleep(pause_ns, NULL);
        pause_ns = pause_ns < LAST_LOOK_NS ? pause_ns * 2 : pause_ns;
    }
}

bool fan_crew_is_held_up(struct fan_stream *stream)
{
    bool anything;
    return find_held_up(stream, &anything) != NULL;
}

/* ---- taking ---- */

static char *task_of(const struct fan_stream *stream, const struct fan_chunk *chunk, uint32_t index)
{
    return chunk->tasks + index * stream->work.task_size;
}

static void *value_of(const struct fan_stream *stream, const struct fan_chunk *chunk,
                      uint32_t index)
{
    return chunk->values + index * stream->work.result_size;
}

/* Only where results are held back for their order can there be no chunk. */
static void wait_for_chunk(struct fan_worker *worker)
{
    struct fan_stream *stream = worker->stream;
    fan_mutex_lock(&stream->lock);
    while (!(worker->spare = find_chunk(stream)))
        fan_cond_wait(&stream->room, &stream->lock);
    fan_mutex_unlock(&stream->lock);
}

/* How many tasks to take, at the source. */
static uint32_t chunk_length(struct fan_stream *stream)
{
    if (stream->source.blocks)
        return 1;
    fan_mutex_lock(&stream->lock);
    uint32_t by_running = fan_pace_count(&stream->running, CHUNK_NS, stream->chunk_tasks);
    fan_mutex_unlock(&stream->lock);
    uint32_t by_filling = fan_pace_count(&stream->filling, CHUNK_NS, stream->chunk_tasks);
    return by_running < by_filling ? by_running : by_filling;
}

/* Returns why the source gives no more, or 0. */
static int fill(struct fan_stream *stream, struct fan_chunk *chunk, uint32_t length)
{
    int error = 0;
    uint64_t began_ns = fan_now_ns();
    while (chunk->count < length && !error) {
        error = stream->source.next(stream->source.state, &stream->ctx,
                                    task_of(stream, chunk, chunk->count));
        chunk->count += error == 0;
    }
    if (chunk->count > 0)
        fan_pace_saw(&stream->filling, fan_now_ns() - began_ns, chunk->count);
    return error;
}

static bool tasks_are_long(const struct fan_stream *stream)
{
    return stream->running.task_ps == 0 || stream->running.task_ps > LONG_TASK_NS * UINT64_C(1000);
}

/* What has been taken becomes the worker's share. Who leaves the source behind sees to it that there
 * is somebody to come after him; without a thread to be had, it goes on with those that are. */
static void begin_chunk(struct fan_worker *worker, struct fan_chunk *chunk)
{
    struct fan_stream *stream = worker->stream;
    chunk->sequence = stream->taken++;
    chunk->first = stream->submitted;
    chunk->unfinished = chunk->count;
    stream->submitted += chunk->count;
    fan_mutex_lock(&stream->lock);
    fan_share_begin(&worker->share, 0, chunk->count);
    give_share(worker, chunk);
    stream->report.submitted += chunk->count;
    if (stream->open && stream->started < stream->limit &&
        (stream->started < stream->processors || tasks_are_long(stream)))
        fan_crew_grow(stream);
    fan_mutex_unlock(&stream->lock);
}

static void end_source(struct fan_stream *stream, int error)
{
    stream->open = false;
    fan_mutex_lock(&stream->lock);
    stream->over = true;
    if (!stream->error && error != ENODATA)
        stream->error = error;
    fan_mutex_unlock(&stream->lock);
}

/* With the source to itself. */
static bool take_some(struct fan_worker *worker)
{
    struct fan_stream *stream = worker->stream;
    struct fan_chunk *chunk = worker->spare;
    chunk->count = 0;
    look_at_context(stream);
    int error = is_stopped(stream) ? ENODATA : fill(stream, chunk, chunk_length(stream));
    if (error)
        end_source(stream, error);
    if (chunk->count == 0)
        return false;
    worker->spare = NULL;
    begin_chunk(worker, chunk);
    return true;
}

/* Gets a share from the source; false if it has no more. */
static bool take(struct fan_worker *worker)
{
    struct fan_stream *stream = worker->stream;
    if (!worker->spare)
        wait_for_chunk(worker);
    fan_mutex_lock(&stream->at_source);
    bool taken = stream->open && take_some(worker);
    fan_mutex_unlock(&stream->at_source);
    return taken;
}

/* ---- running ---- */

static int run_with_deadline(struct fan_stream *stream, const void *task, void *value)
{
    struct fan_ctx ctx;
    fan_ctx_init(&ctx, &(struct fan_ctx_options){
                           .parent = &stream->ctx,
                           .deadline_ns = fan_deadline_after(stream->options.task_timeout_ns),
                       });
    int error = stream->work.run(stream->work.argument, &ctx, task, value);
    fan_ctx_destroy(&ctx);
    return error;
}

static int run_task(struct fan_stream *stream, const void *task, void *value)
{
    if (stream->options.task_timeout_ns)
        return run_with_deadline(stream, task, value);
    return stream->work.run(stream->work.argument, &stream->ctx, task, value);
}

static bool share_goes_on(struct fan_worker *worker, uint32_t index)
{
    struct fan_stream *stream = worker->stream;
    if (__builtin_expect(fan_share_claim(&worker->share, index, stream->fence), 1))
        return true;
    fan_mutex_lock(&stream->lock);
    bool goes_on = !fan_share_ends(&worker->share, index);
    fan_mutex_unlock(&stream->lock);
    return goes_on;
}

static void run_share(void *argument)
{
    struct fan_worker *worker = argument;
    struct fan_stream *stream = worker->stream;
    struct fan_chunk *chunk = worker->chunk;
    for (uint32_t i = worker->at; share_goes_on(worker, i); i++) {
        chunk->errors[i] = FAN_NOT_BEGUN;
        if (__builtin_expect(is_stopped(stream), 0))
            continue;
        int error = run_task(stream, task_of(stream, chunk, i), value_of(stream, chunk, i));
        chunk->errors[i] = error;
        if (__builtin_expect(error != 0, 0) && stream->options.policy == FAN_FAIL_FAST)
            fan_crew_stop(stream, error);
    }
}

/* The task that panicked is the one that was claimed last. */
static void take_panic(struct fan_worker *worker, const struct fan_panic *panic)
{
    struct fan_stream *stream = worker->stream;
    struct fan_chunk *chunk = worker->chunk;
    uint32_t index = fan_atomic_load(&worker->share.next, FAN_RELAXED) - 1;
    chunk->errors[index] = ENOTRECOVERABLE;
    worker->at = index + 1;
    fan_mutex_lock(&stream->lock);
    fan_report_panic(&stream->report, chunk->first + index, panic);
    fan_mutex_unlock(&stream->lock);
    if (stream->options.policy == FAN_FAIL_FAST)
        fan_crew_stop(stream, ENOTRECOVERABLE);
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
static struct fan_chunk *run(struct fan_worker *worker)
{
    struct fan_stream *stream = worker->stream;
    struct fan_chunk *chunk = worker->chunk;
    struct fan_panic panic;
    uint32_t begin = worker->at;
    uint64_t began_ns = fan_now_ns();
    while (!fan_recover(run_share, worker, &panic))
        take_panic(worker, &panic);
    uint64_t elapsed_ns = fan_now_ns() - began_ns;
    fan_mutex_lock(&stream->lock);
    uint32_t ran = fan_atomic_load(&worker->share.end, FAN_RELAXED) - begin;
    bool finished = count_off(stream, chunk, ran, elapsed_ns);
    worker->chunk = NULL;
    fan_mutex_unlock(&stream->lock);
    return finished ? chunk : NULL;
}

/* ---- handing over ---- */

/* What became of a chunk's tasks. */
struct outcome {
    uint64_t done, failed, cancelled, dropped;
};

static void hand_over(struct fan_stream *stream, const struct fan_task_result *result,
                      struct outcome *outcome)
{
    bool wanted = !is_stopped(stream) && (result->error == 0 || stream->takes_failures);
    int error = 0;
    if (wanted) {
        error = stream->sink.put(stream->sink.state, &stream->ctx, result);
        if (__builtin_expect(error != 0, 0))
            fan_crew_stop(stream, error);
    }
    if (result->error)
        outcome->failed++;
    else if (wanted && !error)
        outcome->done++;
    else
        outcome->dropped++;
}

static void account(struct fan_stream *stream, const struct fan_chunk *chunk,
                    const struct outcome *outcome)
{
    struct fan_report *report = &stream->report;
    fan_mutex_lock(&stream->lock);
    report->done += outcome->done;
    report->failed += outcome->failed;
    report->cancelled += outcome->cancelled;
    report->dropped += outcome->dropped;
    if (outcome->failed > 0)
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
                                         .value = value_of(stream, chunk, i)};
        if (result.error == FAN_NOT_BEGUN)
            outcome.cancelled++;
        else
            hand_over(stream, &result, &outcome);
    }
    account(stream, chunk, &outcome);
    give_chunk_back(worker, chunk);
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

static void settle(struct fan_worker *worker, struct fan_chunk *chunk)
{
    struct fan_stream *stream = worker->stream;
    fan_mutex_lock(&stream->at_sink);
    if (stream->ring)
        hand_over_in_order(worker, chunk);
    else
        hand_over_chunk(worker, chunk);
    fan_mutex_unlock(&stream->at_sink);
}

/* ---- a thread's life ---- */

static void work(void *argument)
{
    struct fan_worker *worker = argument;
    struct fan_stream *stream = worker->stream;
    while (take(worker) || help(worker)) {
        struct fan_chunk *finished = run(worker);
        if (finished)
            settle(worker, finished);
    }
    free(worker->spare);
    fan_waitgroup_done(&stream->crew);
    fan_stream_release(stream);
}

int fan_crew_grow(struct fan_stream *stream)
{
    struct fan_worker *worker = &stream->workers[stream->started];
    const char *name = stream->options.name ? stream->options.name : "stream";
    struct fan_chunk *spare = find_chunk(stream);
    if (!spare)
        return ENOMEM;
    *worker = (struct fan_worker){.stream = stream, .spare = spare};
    fan_waitgroup_add(&stream->crew, 1);
    stream->references++;
    int error =
        fan_thread_spawn(&(struct fan_thread_options){.name = name}, work, worker, &worker->thread);
    if (error) {
        stream->references--;
        fan_waitgroup_done(&stream->crew);
        fan_list_insert(&spare->link, &stream->free);
        return error;
    }
    stream->started++;
    stream->report.threads++;
    return 0;
}
