#include "flow/stream.h"

#include <errno.h>
#include <stdlib.h>

#include "flow/async.h"
#include "flow/block.h"
#include "flow/copies.h"
#include "flow/observed.h"
#include "run/backend.h"
#include "run/time.h"

enum {
    MOST_THREADS = 1 << 20, /* more than there can be */
    CHUNK_TASKS = 512,      /* at most, */
    CHUNK_BYTES = 1 << 20,  /* but no more than fit into that, or one */
    DEFAULT_QUEUE = 8192,
    FIRST_LOOK_NS = 100000,
    LAST_LOOK_NS = 10000000,
};

static bool options_are_valid(const struct fan_source *source, const struct fan_work *work,
                              const struct fan_sink *sink, const struct fan_stream_options *options)
{
    return source && source->next && work && !work->run != !work->start && sink && sink->put &&
           options->policy <= FAN_BEST_EFFORT && options->limit >= 0 && options->queue >= 0 &&
           options->window >= 0 && !(work->start && options->hedger);
}

/* ---- how much it may hold ---- */

static int64_t queue_of(const struct fan_stream *stream)
{
    return stream->options.queue ? stream->options.queue : DEFAULT_QUEUE;
}

/* Tasks, or results, of some bytes each: as many as fit. */
static size_t that_fit(size_t bytes)
{
    return bytes > 0 ? CHUNK_BYTES / 2 / bytes : CHUNK_TASKS;
}

static uint32_t chunk_size(const struct fan_stream *stream)
{
    size_t size = (size_t)queue_of(stream) / stream->limit;
    size_t fit[] = {CHUNK_TASKS, that_fit(stream->work.task_size),
                    that_fit(stream->work.result_size)};
    for (size_t i = 0; i < sizeof fit / sizeof *fit; i++)
        size = size < fit[i] ? size : fit[i];
    return size < 1 ? 1 : (uint32_t)size;
}

/* Each thread has one in hand, and one to fill while others finish what they took of it; in order,
 * there are instead of the second ones as many as may be held back. */
static size_t chunk_limit(const struct fan_stream *stream)
{
    int64_t window = stream->options.window ? stream->options.window : queue_of(stream);
    size_t others = stream->options.ordered ? (size_t)window / stream->chunk_tasks : stream->limit;
    return stream->limit + others;
}

/* ---- beginning and ending ---- */

static struct fan_stream *allocate(unsigned limit)
{
    struct fan_stream *stream = fan_block_new(sizeof *stream + limit * sizeof stream->workers[0]);
    if (stream)
        *stream = (struct fan_stream){.limit = limit, .open = true, .worth = 1, .references = 1};
    return stream;
}

/* Time is reserved only if there is an end to it. */
static void begin_contexts(struct fan_stream *stream, struct fan_ctx *caller)
{
    uint64_t deadline_ns = fan_ctx_deadline(caller), reserve_ns = stream->options.reserve_ns;
    fan_ctx_init(&stream->ctx, &(struct fan_ctx_options){.name = "stream", .parent = caller});
    stream->inner = &stream->ctx;
    if (!deadline_ns || !reserve_ns)
        return;
    stream->inner = &stream->early;
    fan_ctx_init(&stream->early,
                 &(struct fan_ctx_options){
                     .name = "tasks",
                     .parent = &stream->ctx,
                     .deadline_ns = reserve_ns < deadline_ns ? deadline_ns - reserve_ns : 1,
                 });
}

static void end_contexts(struct fan_stream *stream)
{
    if (stream->inner == &stream->early)
        fan_ctx_destroy(&stream->early);
    fan_ctx_destroy(&stream->ctx);
}

static struct fan_stream *new_stream(struct fan_ctx *ctx, const struct fan_source *source,
                                     const struct fan_work *work, const struct fan_sink *sink,
                                     const struct fan_stream_options *options)
{
    unsigned available = fan_backend_processors();
    int asked = options->limit ? options->limit : (int)available;
    int limit = asked < MOST_THREADS ? asked : MOST_THREADS;
    struct fan_stream *stream = allocate(work->start ? fan_async_threads(limit) : (unsigned)limit);
    if (!stream)
        return NULL;
    stream->processors = available;
    stream->source = *source;
    stream->source.blocks |= source->warns;
    stream->work = *work;
    stream->sink = *sink;
    stream->options = *options;
    stream->takes_failures = sink->takes_failures || options->policy == FAN_COLLECT_ALL;
    stream->admits = fan_admit_is_needed(work, options);
    stream->fence = fan_fence_new();
    stream->chunk_tasks = chunk_size(stream);
    stream->chunk_limit = chunk_limit(stream);
    stream->at_source.name = "source";
    stream->at_sink.name = "sink";
    stream->lock.name = "stream";
    stream->room.name = "room in the order";
    stream->crew.name = "crew";
    fan_list_init(&stream->free);
    begin_contexts(stream, ctx);
    fan_observed_begin(stream);
    return stream;
}

static void free_chunks(struct fan_stream *stream)
{
    struct fan_list *link;
    while ((link = fan_list_take_first(&stream->free)))
        free(FAN_LIST_ELEMENT(link, struct fan_chunk, link));
}

void fan_stream_release(struct fan_stream *stream, struct fan_worker *worker)
{
    fan_mutex_lock(&stream->lock);
    if (worker)
        fan_observed_leave(worker);
    bool last = --stream->references == 0;
    fan_mutex_unlock(&stream->lock);
    if (!last)
        return;
    fan_observed_end(stream);
    fan_copies_free(stream->copies);
    end_contexts(stream);
    fan_waitgroup_destroy(&stream->crew);
    fan_cond_destroy(&stream->room);
    fan_mutex_destroy(&stream->lock);
    fan_mutex_destroy(&stream->at_sink);
    fan_mutex_destroy(&stream->at_source);
    fan_async_free(stream->async);
    free_chunks(stream);
    fan_report_free(&stream->report);
    free(stream->ring);
    free(stream);
}

static int begin(struct fan_stream *stream)
{
    if (stream->work.start) {
        stream->async = fan_async_new(stream);
        if (!stream->async)
            return ENOMEM;
    } else if (stream->options.ordered) {
        stream->ring = calloc(stream->chunk_limit, sizeof(struct fan_chunk *));
        if (!stream->ring)
            return ENOMEM;
    }
    if (stream->options.hedger) {
        stream->copies = fan_copies_new(stream);
        if (!stream->copies)
            return ENOMEM;
    }
    fan_mutex_lock(&stream->lock);
    int error = fan_crew_grow(stream);
    fan_mutex_unlock(&stream->lock);
    return error;
}

/* ---- while it runs ---- */

static int wait_until(struct fan_stream *stream, uint64_t deadline_ns, struct fan_ctx *parent)
{
    struct fan_ctx until;
    fan_ctx_init(&until, &(struct fan_ctx_options){.parent = parent, .deadline_ns = deadline_ns});
    int error = fan_waitgroup_wait(&stream->crew, &until);
    fan_ctx_destroy(&until);
    return error;
}

/* Waits until somebody begins with something, for as long as nobody has a thing in hand that leaves
 * work to others: what waits without a deadline can be proven to wait for ever. False if somebody
 * has; else `error` is 0 if the crew is gone, and ETIMEDOUT if not, as after a pause. */
static bool rest(struct fan_stream *stream, int *error)
{
    struct fan_ctx until;
    fan_ctx_init(&until, &(struct fan_ctx_options){.parent = &stream->ctx});
    fan_mutex_lock(&stream->lock);
    bool rests = !fan_crew_leaves_work(stream);
    if (rests)
        stream->resting = &until;
    fan_mutex_unlock(&stream->lock);
    if (rests)
        *error = fan_waitgroup_wait(&stream->crew, &until) ? ETIMEDOUT : 0;
    fan_mutex_lock(&stream->lock);
    stream->resting = NULL;
    fan_mutex_unlock(&stream->lock);
    fan_ctx_destroy(&until);
    return rests;
}

static bool is_to_be_watched(struct fan_stream *stream)
{
    fan_mutex_lock(&stream->lock);
    bool is = fan_crew_is_to_be_watched(stream);
    fan_mutex_unlock(&stream->lock);
    return is;
}

static bool grow_if_held_up(struct fan_stream *stream)
{
    fan_mutex_lock(&stream->lock);
    bool grows = fan_crew_is_held_up(stream) && stream->started < stream->limit &&
                 fan_crew_grow(stream) == 0;
    fan_mutex_unlock(&stream->lock);
    return grows;
}

/* Waits for the crew's end, or that the context is done, which it then returns. While there may be
 * more threads it looks from time to time whether they are needed; less often if they are not, and
 * not at all while there is nothing to look for. Between two rests it waits for long once, so that
 * work which comes bit by bit does not wake it each time. */
static int look_after_crew(struct fan_stream *stream)
{
    uint64_t pause_ns = FIRST_LOOK_NS;
    bool rested = false;
    while (is_to_be_watched(stream)) {
        int error;
        rested = pause_ns == LAST_LOOK_NS && !rested && rest(stream, &error);
        if (!rested)
            error = wait_until(stream, fan_deadline_after(pause_ns), &stream->ctx);
        if (error != ETIMEDOUT)
            return error;
        error = fan_ctx_error(&stream->ctx);
        if (error)
            return error;
        pause_ns = grow_if_held_up(stream) ? FIRST_LOOK_NS : pause_ns * 2;
        if (pause_ns > LAST_LOOK_NS)
            pause_ns = LAST_LOOK_NS;
    }
    return fan_waitgroup_wait(&stream->crew, &stream->ctx);
}

/* A task's time to linger begins when nothing else keeps its thread. */
static int linger(struct fan_stream *stream)
{
    int error = wait_until(stream, fan_deadline_after(stream->options.linger_ns), NULL);
    if (error && fan_abandon_waits(stream))
        error = wait_until(stream, fan_deadline_after(stream->options.linger_ns), NULL);
    return error;
}

/* Waits until every thread has left, or EBUSY: one did not within the time to linger. */
static int wait_for_crew(struct fan_stream *stream)
{
    int error = look_after_crew(stream);
    if (!error)
        return 0;
    fan_crew_stop(stream, error);
    if (stream->async)
        fan_async_interrupt(stream);
    if (!stream->options.linger_ns)
        return fan_waitgroup_wait(&stream->crew, NULL);
    return linger(stream) ? EBUSY : 0;
}

static uint64_t unaccounted(const struct fan_report *report)
{
    return report->submitted - report->done - report->failed - report->cancelled - report->dropped;
}

/* The report goes to the caller, who asked for it, or is freed. Of what is left behind, the results
 * are dropped, and what is accounted for later is nobody's. */
static void hand_over_report(struct fan_stream *stream, bool left, struct fan_report *report)
{
    fan_mutex_lock(&stream->lock);
    struct fan_report own = stream->report;
    stream->report = (struct fan_report){0};
    fan_mutex_unlock(&stream->lock);
    if (left)
        own.dropped += unaccounted(&own);
    if (report)
        *report = own;
    else
        fan_report_free(&own);
}

static void join(struct fan_stream *stream)
{
    for (unsigned i = 0; i < stream->started; i++)
        fan_thread_join(stream->workers[i].thread);
    fan_copies_close(stream->copies, false);
}

static int result_of(const struct fan_stream *stream)
{
    if (stream->error || stream->options.policy != FAN_COLLECT_ALL)
        return stream->error;
    return stream->report.error_count ? stream->report.errors[0].error : stream->report.unlisted;
}

int fan_out_stream(struct fan_ctx *ctx, const struct fan_source *source,
                   const struct fan_work *work, const struct fan_sink *sink,
                   const struct fan_stream_options *options, struct fan_report *report)
{
    static const struct fan_stream_options none;
    options = options ? options : &none;
    if (report)
        *report = (struct fan_report){0};
    if (!options_are_valid(source, work, sink, options))
        return EINVAL;
    struct fan_stream *stream = new_stream(ctx, source, work, sink, options);
    if (!stream)
        return ENOMEM;
    int error = begin(stream);
    bool left = !error && wait_for_crew(stream) != 0 && fan_abandon_rest(stream);
    if (!left)
        join(stream);
    if (!error)
        error = left ? EBUSY : result_of(stream);
    hand_over_report(stream, left, report);
    fan_stream_release(stream, NULL);
    return error;
}
