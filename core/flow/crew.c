/* A thread of the crew takes a chunk from the source, runs it, hands its results over, and comes
 * again. When the source has no more, it helps those who are still at it. */
#include <errno.h>

#include "flow/async.h"
#include "flow/observed.h"

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

/* Others that have nothing to do may have some of it. */
static void tell_waiting(struct fan_worker *worker)
{
    struct fan_stream *stream = worker->stream;
    if (stream->waiting > 0 && fan_share_left(&worker->post->share) > 1)
        fan_cond_signal(&stream->room);
}

void fan_crew_give_share(struct fan_worker *worker, struct fan_chunk *chunk)
{
    worker->chunk = chunk;
    worker->seen = UINT64_MAX;
    worker->at = worker->from = fan_atomic_load(&worker->post->share.next, FAN_RELAXED);
    FAN_PROBE_SET(worker->post->first, chunk->first);
    fan_testimony_given(worker);
    tell_waiting(worker);
}

/* How many tasks it leaves to others; one that is about to begin with its first leaves them the
 * rest. */
static uint32_t leaves(const struct fan_worker *worker)
{
    if (!worker->chunk)
        return 0;
    const struct fan_share *share = &worker->post->share;
    uint32_t left = fan_share_left(share);
    bool begins = fan_atomic_load(&share->next, FAN_RELAXED) == worker->from;
    return left > 0 && begins ? left - 1 : left;
}

static struct fan_worker *find_victim(struct fan_stream *stream, uint64_t before)
{
    struct fan_worker *found = NULL;
    uint32_t most = 0;
    for (unsigned i = 0; i < stream->started; i++) {
        struct fan_worker *worker = &stream->workers[i];
        uint32_t here = leaves(worker);
        if (here > most && worker->chunk->sequence < before) {
            found = worker;
            most = here;
        }
    }
    return found;
}

static void take_over(struct fan_worker *worker, struct fan_worker *victim)
{
    uint32_t stolen = fan_share_left(&worker->post->share);
    fan_testimony_lost(victim, &worker->post->share);
    fan_crew_give_share(worker, victim->chunk);
    worker->stream->report.stolen += stolen;
    fan_probe_count(&worker->post->tally.stolen, stolen);
    fan_observed_show(victim);
    fan_observed_counted(worker);
}

/* Without a look at whether the other is held up: who has done half of what was left finds half of
 * the rest when it comes again, and so nothing that could be begun waits for who sleeps. */
bool fan_crew_steal(struct fan_worker *worker, uint64_t before)
{
    struct fan_stream *stream = worker->stream;
    struct fan_worker *victim;
    while ((victim = find_victim(stream, before)))
        if (fan_share_steal(&victim->post->share, stream->fence, &worker->post->share)) {
            take_over(worker, victim);
            return true;
        }
    return false;
}

/* The source has no more. What others have not begun is all there is to do. */
static bool help(struct fan_worker *worker)
{
    struct fan_stream *stream = worker->stream;
    fan_observed_at(worker, FAN_AT_HELP);
    fan_testimony_asks(worker);
    fan_mutex_lock(&stream->lock);
    bool got = fan_crew_steal(worker, UINT64_MAX);
    fan_mutex_unlock(&stream->lock);
    return got;
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

/* Notes how far it is. One that has not moved is held up, if it leaves work to others. */
static bool has_not_moved(struct fan_worker *worker)
{
    if (!leaves_work(worker))
        return false;
    uint64_t now = position(worker);
    bool same = now == worker->seen;
    worker->seen = now;
    return same;
}

bool fan_crew_is_held_up(struct fan_stream *stream)
{
    bool held_up = false;
    if (stream->async)
        return fan_async_is_held_up(stream);
    for (unsigned i = 0; i < stream->started; i++)
        held_up |= has_not_moved(&stream->workers[i]);
    return held_up;
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

/* Chunks are there until the call is over: a thread whose share was stolen to its end may still
 * look at one that others have finished since. */
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
    fan_testimony_begin(worker);
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
    if (!stream->async)
        fan_testimony_new(worker);
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
