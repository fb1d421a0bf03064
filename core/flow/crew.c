/* A thread of the crew takes a chunk from the source, runs it, hands its results over, and comes
 * again. When the source has no more, it helps those who are still at it. */
#include <errno.h>

#include "flow/async.h"
#include "flow/observed.h"
#include "sync/timer.h"

enum {
    FIRST_LOOK_NS = 50000,
    LAST_LOOK_NS = 2000000,
};

void fan_crew_stop(struct fan_stream *stream, int error)
{
    fan_mutex_lock(&stream->lock);
    if (!stream->error)
        stream->error = error;
    fan_atomic_store(&stream->stopped, true, FAN_RELAXED);
    fan_cond_broadcast(&stream->room);
    fan_mutex_unlock(&stream->lock);
    fan_ctx_cancel(&stream->ctx, error);
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

struct fan_chunk *fan_crew_find_chunk(struct fan_stream *stream)
{
    if (fan_list_empty(&stream->free))
        return new_chunk(stream);
    struct fan_chunk *chunk = FAN_LIST_ELEMENT(stream->free.next, struct fan_chunk, link);
    fan_list_remove(&chunk->link);
    return chunk;
}

void fan_crew_give_chunk_back(struct fan_worker *worker, struct fan_chunk *chunk)
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
    return (worker->chunk->sequence << 32) +
           fan_atomic_load(&worker->post->share.next, FAN_RELAXED);
}

/* Whether there is anything that another thread could do instead of this one. */
static bool leaves_work(const struct fan_worker *worker)
{
    return worker->chunk && (!worker->stream->over || fan_share_left(&worker->post->share) > 0);
}

/* Notes how far each thread is. One that has not moved is held up, if it leaves work to others. */
static struct fan_worker *find_held_up(struct fan_stream *stream, bool *anything)
{
    struct fan_worker *found = NULL;
    *anything = false;
    for (unsigned i = 0; i < stream->started; i++) {
        struct fan_worker *worker = &stream->workers[i];
        if (!leaves_work(worker))
            continue;
        *anything = true;
        if (position(worker) == worker->seen)
            found = worker;
        worker->seen = position(worker);
    }
    return found;
}

void fan_crew_give_share(struct fan_worker *worker, struct fan_chunk *chunk)
{
    worker->chunk = chunk;
    worker->seen = UINT64_MAX;
    worker->at = fan_atomic_load(&worker->post->share.next, FAN_RELAXED);
    FAN_PROBE_SET(worker->post->first, chunk->first);
}

/* With the lock. Sets *anything to whether there are shares that are worth another look. */
static bool steal(struct fan_worker *worker, bool *anything)
{
    struct fan_stream *stream = worker->stream;
    struct fan_worker *victim = find_held_up(stream, anything);
    if (!victim || !fan_share_steal(&victim->post->share, stream->fence, &worker->post->share))
        return false;
    fan_crew_give_share(worker, victim->chunk);
    uint32_t stolen = fan_share_left(&worker->post->share);
    stream->report.stolen += stolen;
    fan_probe_count(&worker->post->tally.stolen, stolen);
    fan_observed_show(victim);
    fan_observed_counted(worker);
    return true;
}

/* Gets a share of a thread that is held up. While there are tasks that nobody has begun it looks
 * again and again; false if there are none. */
static bool help(struct fan_worker *worker)
{
    struct fan_stream *stream = worker->stream;
    uint64_t pause_ns = FIRST_LOOK_NS;
    fan_observed_at(worker, FAN_AT_HELP);
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

static bool somebody_leaves_work(const struct fan_stream *stream)
{
    for (unsigned i = 0; i < stream->started; i++)
        if (leaves_work(&stream->workers[i]))
            return true;
    return false;
}

bool fan_crew_leaves_work(struct fan_stream *stream)
{
    return stream->async ? fan_async_leaves_work(stream) : somebody_leaves_work(stream);
}

void fan_crew_end_rest(struct fan_stream *stream)
{
    if (stream->resting)
        fan_ctx_cancel(stream->resting, ECANCELED);
    stream->resting = NULL;
}

bool fan_crew_is_to_be_watched(const struct fan_stream *stream)
{
    if (stream->async)
        return !stream->over || stream->async->in_use > 0;
    return stream->started < stream->limit && (!stream->over || somebody_leaves_work(stream));
}

bool fan_crew_is_held_up(struct fan_stream *stream)
{
    bool anything;
    if (stream->async)
        return fan_async_is_held_up(stream);
    return find_held_up(stream, &anything) != NULL;
}

/* ---- a thread's life ---- */

static void work_through_chunks(struct fan_worker *worker)
{
    while (fan_intake_take(worker) || help(worker)) {
        struct fan_chunk *finished = fan_attempt_run(worker);
        if (finished)
            fan_delivery_settle(worker, finished);
    }
}

/* Chunks are there until the call is over: a thread whose share was stolen to its end may still look at
 * one that others have finished since. */
static void give_spare_up(struct fan_worker *worker)
{
    struct fan_stream *stream = worker->stream;
    if (!worker->spare)
        return;
    fan_mutex_lock(&stream->lock);
    fan_list_insert(&worker->spare->link, &stream->free);
    fan_mutex_unlock(&stream->lock);
}

static void work(void *argument)
{
    struct fan_worker *worker = argument;
    struct fan_stream *stream = worker->stream;
    fan_observed_join(worker);
    if (stream->async)
        fan_async_work(worker);
    else
        work_through_chunks(worker);
    give_spare_up(worker);
    fan_waitgroup_done(&stream->crew);
    fan_stream_release(stream, worker);
}

int fan_crew_grow(struct fan_stream *stream)
{
    struct fan_worker *worker = &stream->workers[stream->started];
    const char *name = stream->options.name ? stream->options.name : "stream";
    struct fan_chunk *spare = stream->async ? NULL : fan_crew_find_chunk(stream);
    if (!spare && !stream->async)
        return ENOMEM;
    *worker = (struct fan_worker){.stream = stream, .spare = spare, .post = &worker->unseen};
    fan_waitgroup_add(&stream->crew, 1);
    stream->references++;
    int error =
        fan_thread_spawn(&(struct fan_thread_options){.name = name}, work, worker, &worker->thread);
    if (error) {
        stream->references--;
        fan_waitgroup_done(&stream->crew);
        if (spare)
            fan_list_insert(&spare->link, &stream->free);
        return error;
    }
    stream->started++;
    stream->report.threads++;
    fan_observed_grew(stream);
    return 0;
}
