/* Taking from the source.
 *
 * There are no more threads than pay: one that leaves the source starts the next one only while
 * there are fewer than processors, or if the tasks take so long that their beginning is worth a
 * thread (they sleep, as a rule). Whoever misjudges that is corrected by the call's own thread,
 * which looks after the crew while it waits (stream.c). So short tasks never pay for the waking of
 * a thread, whatever the limit. */
#include <errno.h>

#include "flow/observed.h"
#include "run/time.h"

enum {
    CHUNK_NS = 50000,     /* a chunk is to take about that long */
    LONG_TASK_NS = 20000, /* from here on a task is worth a thread */
};

static void look_at_context(struct fan_stream *stream)
{
    int error = fan_stream_is_stopped(stream) ? 0 : fan_ctx_error(&stream->ctx);
    if (error)
        fan_crew_stop(stream, error);
}

static void wait_for_room(struct fan_worker *worker)
{
    struct fan_stream *stream = worker->stream;
    fan_testimony_asks(worker);
    stream->waiting++;
    fan_cond_wait(&stream->room, &stream->lock);
    stream->waiting--;
}

/* Only where results are held back for their order, or for want of memory, can there be no chunk.
 * Then a share of another's will do. False if there is no chunk: either that was got, or the
 * source is over. */
static bool get_chunk(struct fan_worker *worker)
{
    struct fan_stream *stream = worker->stream;
    fan_mutex_lock(&stream->lock);
    while (!stream->over && !fan_stream_is_stopped(stream) &&
           !(worker->spare = fan_crew_find_chunk(stream)) && !fan_crew_steal(worker, UINT64_MAX))
        wait_for_room(worker);
    fan_mutex_unlock(&stream->lock);
    return worker->spare != NULL;
}

void fan_intake_adapt(struct fan_stream *stream)
{
    uint32_t worth = fan_pace_count(&stream->running, CHUNK_NS, stream->chunk_tasks);
    if (worth != fan_atomic_load(&stream->worth, FAN_RELAXED))
        fan_atomic_store(&stream->worth, worth, FAN_RELAXED);
}

/* How many tasks to take, at the source. */
static uint32_t chunk_length(struct fan_stream *stream)
{
    if (stream->source.blocks && !stream->source.warns)
        return 1;
    uint32_t by_running = fan_atomic_load(&stream->worth, FAN_RELAXED);
    uint32_t by_filling = fan_pace_count(&stream->filling, CHUNK_NS, stream->chunk_tasks);
    return by_running < by_filling ? by_running : by_filling;
}

/* While tasks take so long that they come one at a time, it makes no difference how long that
 * takes; and others wait for the source meanwhile. */
static bool filling_is_timed(const struct fan_stream *stream)
{
    return stream->filling.task_ps == 0 || fan_atomic_load(&stream->worth, FAN_RELAXED) > 1;
}

/* Returns why the source gives no more, or 0. */
static int fill(struct fan_stream *stream, struct fan_chunk *chunk, uint32_t length)
{
    int error = 0;
    bool timed = filling_is_timed(stream);
    uint64_t began_ns = timed ? fan_now_ns() : 0;
    uint32_t count = 0;
    for (char *task = chunk->tasks; count < length; count++, task += stream->work.task_size) {
        error = stream->source.next(stream->source.state, stream->inner, task);
        if (__builtin_expect(error != 0, 0))
            break;
    }
    chunk->count = count;
    if (timed && count > 0)
        fan_pace_saw(&stream->filling, fan_now_ns() - began_ns, count);
    return error;
}

static bool steal(struct fan_worker *worker, uint64_t before)
{
    struct fan_stream *stream = worker->stream;
    fan_mutex_lock(&stream->lock);
    bool got = fan_crew_steal(worker, before);
    fan_mutex_unlock(&stream->lock);
    return got;
}

/* The source will wait for its next task. Before that, whoever is here does what others have not
 * begun: as long as he waits nobody else comes so far as to look. */
static int wait_for_task(struct fan_worker *worker, struct fan_chunk *chunk)
{
    struct fan_stream *stream = worker->stream;
    int error;
    do {
        fan_testimony_asks(worker);
        if (fan_stream_is_stopped(stream))
            return ENODATA;
        if (steal(worker, UINT64_MAX))
            return EAGAIN;
        error = stream->source.next(stream->source.state, stream->inner, chunk->tasks);
    } while (error == EAGAIN);
    stream->warned = false;
    chunk->count = error == 0;
    return error;
}

/* Where the source always has more, nobody has nothing to do. So who comes for more looks first
 * whether something has been overtaken by several chunks for each thread, and does that. */
static bool take_overtaken(struct fan_worker *worker)
{
    struct fan_stream *stream = worker->stream;
    uint64_t lately = 2 * (uint64_t)stream->limit;
    return stream->taken > lately && steal(worker, stream->taken - lately);
}

/* Returns as above, and EAGAIN if the worker has been given something else to do. */
static int fill_unless_others_wait(struct fan_worker *worker, struct fan_chunk *chunk)
{
    struct fan_stream *stream = worker->stream;
    if (!stream->source.warns)
        return fill(stream, chunk, chunk_length(stream));
    if (take_overtaken(worker))
        return EAGAIN;
    int error = stream->warned ? EAGAIN : fill(stream, chunk, chunk_length(stream));
    stream->warned = error == EAGAIN;
    if (!stream->warned)
        return error;
    return chunk->count > 0 ? 0 : wait_for_task(worker, chunk);
}

static bool tasks_are_long(const struct fan_stream *stream)
{
    return stream->running.task_ps == 0 || stream->running.task_ps > LONG_TASK_NS * UINT64_C(1000);
}

/* What has been taken becomes the worker's share. Who leaves the source behind sees to it that
 * there is somebody to come after him; without a thread to be had, it goes on with those that
 * are. */
static void begin_chunk(struct fan_worker *worker, struct fan_chunk *chunk)
{
    struct fan_stream *stream = worker->stream;
    chunk->sequence = stream->taken++;
    chunk->first = stream->submitted;
    fan_chunk_begin(chunk);
    stream->submitted += chunk->count;
    fan_mutex_lock(&stream->lock);
    fan_share_begin(&worker->post->share, 0, chunk->count);
    fan_crew_give_share(worker, chunk);
    fan_crew_end_rest(stream);
    stream->report.submitted += chunk->count;
    fan_probe_count(&worker->post->tally.submitted, chunk->count);
    fan_observed_counted(worker);
    if (stream->open && !fan_stream_is_stopped(stream) && stream->started < stream->limit &&
        (stream->started < stream->processors || tasks_are_long(stream)))
        fan_crew_grow(stream);
    fan_mutex_unlock(&stream->lock);
}

int fan_intake_end_of_source(struct fan_stream *stream, int error)
{
    bool out_of_time = error == ETIMEDOUT && stream->options.policy == FAN_BEST_EFFORT &&
                       stream->inner == &stream->early &&
                       fan_ctx_error(&stream->early) == ETIMEDOUT;
    return out_of_time ? ENODATA : error;
}

/* Once what it gave is somebody's share: when the source is over, shares are all there is to do. */
static void end_source(struct fan_stream *stream, int error)
{
    fan_mutex_lock(&stream->lock);
    stream->over = true;
    fan_cond_broadcast(&stream->room);
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
    int error = fan_stream_is_stopped(stream) ? ENODATA : fill_unless_others_wait(worker, chunk);
    bool any = chunk->count > 0;
    if (worker->chunk)
        return true;
    stream->open = error == 0;
    if (any) {
        worker->spare = NULL;
        begin_chunk(worker, chunk);
    }
    if (error)
        end_source(stream, fan_intake_end_of_source(stream, error));
    return any;
}

bool fan_intake_take(struct fan_worker *worker)
{
    struct fan_stream *stream = worker->stream;
    fan_observed_at(worker, FAN_AT_SOURCE);
    if (!worker->spare && !get_chunk(worker))
        return worker->chunk != NULL;
    fan_mutex_lock(&stream->at_source);
    bool taken = stream->open && take_some(worker);
    fan_mutex_unlock(&stream->at_source);
    return taken;
}
