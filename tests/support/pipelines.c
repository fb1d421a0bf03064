#include "tests/support/pipelines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "run/atomic.h"
#include "run/time.h"
#include "stage/zip.h"

/* ---- sources and ends ---- */

static void cancel(struct pipeline *pipeline)
{
    fan_atomic_store(&pipeline->cancelled_ns, fan_now_ns(), FAN_RELAXED);
    fan_ctx_cancel(&pipeline->ctx, 0);
}

static int give(struct pipeline *pipeline, uint64_t *given, uint64_t elements, void *element)
{
    if (*given == elements)
        return ENODATA;
    if (*given + 1 == pipeline->cancel_at_source)
        cancel(pipeline);
    memcpy(element, given, sizeof *given);
    ++*given;
    return 0;
}

static int next(void *state, struct fan_ctx *ctx, void *element)
{
    struct pipeline *pipeline = state;
    (void)ctx;
    return give(pipeline, &pipeline->given[0], pipeline->elements, element);
}

static int next_of_second(void *state, struct fan_ctx *ctx, void *element)
{
    struct pipeline *pipeline = state;
    (void)ctx;
    return give(pipeline, &pipeline->given[1], pipeline->elements, element);
}

/* So that the first one is shorter. */
static int next_of_longer(void *state, struct fan_ctx *ctx, void *element)
{
    struct pipeline *pipeline = state;
    (void)ctx;
    return give(pipeline, &pipeline->given[1], pipeline->elements + 1, element);
}

static void note(struct pipeline *pipeline, struct pipeline_end *end, uint64_t number)
{
    if (number < PIPELINE_ELEMENTS)
        end->seen[number]++;
    end->disorder |= number < end->last;
    end->last = number + 1;
    if (fan_atomic_fetch_add(&pipeline->ended, 1, FAN_RELAXED) + 1 == pipeline->cancel_at_end)
        cancel(pipeline);
}

static int put_first(void *state, struct fan_ctx *ctx, const void *element)
{
    struct pipeline *pipeline = state;
    uint64_t number;
    (void)ctx;
    memcpy(&number, element, sizeof number);
    note(pipeline, &pipeline->ends[0], number);
    return 0;
}

static int put_second(void *state, struct fan_ctx *ctx, const void *element)
{
    struct pipeline *pipeline = state;
    uint64_t number;
    (void)ctx;
    memcpy(&number, element, sizeof number);
    note(pipeline, &pipeline->ends[1], number);
    return 0;
}

static int put_pair(void *state, struct fan_ctx *ctx, const void *element)
{
    struct pipeline *pipeline = state;
    uint64_t pair[2];
    (void)ctx;
    memcpy(pair, element, sizeof pair);
    pipeline->ends[0].disorder |= pair[0] != pair[1];
    note(pipeline, &pipeline->ends[0], pair[0]);
    return 0;
}

struct batch {
    size_t count;
    uint64_t numbers[2];
};

static int put_batch(void *state, struct fan_ctx *ctx, const void *element)
{
    struct pipeline *pipeline = state;
    struct batch batch;
    (void)ctx;
    memcpy(&batch, element, sizeof batch);
    for (size_t i = 0; i < batch.count; i++)
        note(pipeline, &pipeline->ends[0], batch.numbers[i]);
    return 0;
}

static struct fan_chan *make_channel(struct pipeline *pipeline, size_t size, size_t capacity)
{
    struct fan_chan *chan = fan_chan_new("between", size, capacity);
    if (chan)
        pipeline->channels[pipeline->channel_count++] = chan;
    return chan;
}

static int start_end(struct pipeline *pipeline, struct fan_chan *chan,
                     int (*put)(void *state, struct fan_ctx *ctx, const void *element))
{
    if (pipeline->alone)
        return 0;
    return fan_each_go(&pipeline->group, chan, &(struct fan_each){.put = put, .state = pipeline});
}

static struct fan_chan *make_input(struct pipeline *pipeline, size_t capacity)
{
    return make_channel(pipeline, sizeof(uint64_t),
                        pipeline->alone ? pipeline->elements : capacity);
}

static int fill(struct pipeline *pipeline, struct fan_chan *chan)
{
    for (uint64_t i = 0; i < pipeline->elements; i++)
        fan_chan_try_send(chan, &i);
    pipeline->left_open[pipeline->left_open[0] != NULL] = chan;
    return 0;
}

static int start_source(struct pipeline *pipeline, struct fan_group *group, struct fan_chan *chan,
                        int (*give_next)(void *state, struct fan_ctx *ctx, void *element))
{
    if (pipeline->alone)
        return fill(pipeline, chan);
    return fan_source_go(group, &(struct fan_source){.next = give_next, .state = pipeline}, chan);
}

/* A source, `in`, the stage, `out`, an end. */
static int start_line(struct pipeline *pipeline, const struct pipeline_kind *kind)
{
    size_t size = sizeof(uint64_t);
    struct fan_chan *in = make_input(pipeline, 1);
    struct fan_chan *out =
        in ? make_channel(pipeline, kind->size ? kind->size : size, pipeline->alone) : NULL;
    if (!out)
        return ENOMEM;
    int error =
        start_source(pipeline, kind->upstream ? &pipeline->upstream : &pipeline->group, in, next);
    if (!error)
        error = kind->line(pipeline, in, out);
    return error ? error : start_end(pipeline, out, kind->put ? kind->put : put_first);
}

/* A source, `in`, a stage with two outputs, and an end at each. */
static int start_fork(struct pipeline *pipeline, const struct pipeline_kind *kind)
{
    struct fan_chan *in = make_input(pipeline, 0), *out[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++)
        out[i] = in ? make_channel(pipeline, sizeof(uint64_t), 1) : NULL;
    if (!in || !out[0] || !out[1])
        return ENOMEM;
    int error = start_source(pipeline, &pipeline->group, in, next);
    if (!error)
        error = kind->fork(pipeline, in, out);
    if (!error)
        error = start_end(pipeline, out[0], put_first);
    return error ? error : start_end(pipeline, out[1], put_second);
}

/* Two sources, two times `in`, the stage, `out`, an end. */
static int start_join(struct pipeline *pipeline, const struct pipeline_kind *kind)
{
    struct fan_group *before = kind->upstream ? &pipeline->upstream : &pipeline->group;
    size_t size = kind->size ? kind->size : sizeof(uint64_t);
    struct fan_chan *in[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++)
        in[i] = make_input(pipeline, (size_t)i);
    struct fan_chan *out = in[0] && in[1] ? make_channel(pipeline, size, 0) : NULL;
    if (!out)
        return ENOMEM;
    int error = start_source(pipeline, before, in[0], next);
    if (!error)
        error =
            start_source(pipeline, before, in[1], kind->longer ? next_of_longer : next_of_second);
    if (!error)
        error = kind->join(pipeline, in, out);
    return error ? error : start_end(pipeline, out, kind->put ? kind->put : put_first);
}

/* ---- the kinds ---- */

static int copy(void *argument, struct fan_ctx *ctx, const void *element, void *result)
{
    (void)argument, (void)ctx;
    memcpy(result, element, sizeof(uint64_t));
    return 0;
}

static int go_map(struct pipeline *pipeline, struct fan_chan *in, struct fan_chan *out)
{
    return fan_map_go(&pipeline->group, in, out,
                      &(struct fan_map_options){.run = copy, .workers = 2});
}

static int go_ordered_map(struct pipeline *pipeline, struct fan_chan *in, struct fan_chan *out)
{
    return fan_map_go(&pipeline->group, in, out,
                      &(struct fan_map_options){.run = copy, .workers = 2, .ordered = true});
}

static bool is_even(uint64_t element)
{
    return element % 2 == 0;
}

static int judge(void *argument, struct fan_ctx *ctx, const void *element, bool *keeps)
{
    uint64_t number;
    (void)argument, (void)ctx;
    memcpy(&number, element, sizeof number);
    *keeps = is_even(number);
    return 0;
}

static int go_filter(struct pipeline *pipeline, struct fan_chan *in, struct fan_chan *out)
{
    return fan_filter_go(
        &pipeline->group, in, out,
        &(struct fan_filter_options){.judge = judge, .workers = 2, .ordered = true});
}

bool pipeline_is_enough(uint64_t element)
{
    return element < PIPELINE_ENOUGH;
}

static int go_until(struct pipeline *pipeline, struct fan_chan *in, struct fan_chan *out)
{
    return fan_until_go(
        &pipeline->group, in, out,
        &(struct fan_until_options){.count = PIPELINE_ENOUGH, .upstream = &pipeline->upstream.ctx});
}

static int go_draining_until(struct pipeline *pipeline, struct fan_chan *in, struct fan_chan *out)
{
    return fan_until_go(&pipeline->group, in, out,
                        &(struct fan_until_options){.count = PIPELINE_ENOUGH});
}

static int go_window(struct pipeline *pipeline, struct fan_chan *in, struct fan_chan *out)
{
    return fan_window_go(&pipeline->group, in, out, &(struct fan_window_options){.count = 2});
}

static int go_timed_window(struct pipeline *pipeline, struct fan_chan *in, struct fan_chan *out)
{
    return fan_window_go(
        &pipeline->group, in, out,
        &(struct fan_window_options){.count = 2, .time_ns = 100 * FAN_MICROSECOND});
}

static int go_newest_lost(struct pipeline *pipeline, struct fan_chan *in, struct fan_chan *out)
{
    pipeline->lossy = (struct fan_lossy){.capacity = 1, .drops = FAN_DROP_NEWEST};
    return fan_lossy_go(&pipeline->group, in, out, &pipeline->lossy);
}

static int go_oldest_lost(struct pipeline *pipeline, struct fan_chan *in, struct fan_chan *out)
{
    pipeline->lossy = (struct fan_lossy){.capacity = 1, .drops = FAN_DROP_OLDEST};
    return fan_lossy_go(&pipeline->group, in, out, &pipeline->lossy);
}

static int go_measure(struct pipeline *pipeline, struct fan_chan *in, struct fan_chan *out)
{
    pipeline->measure = calloc(1, sizeof *pipeline->measure);
    if (!pipeline->measure)
        return fan_stage_fail(&pipeline->group, ENOMEM);
    return fan_measure_go(&pipeline->group, in, out, pipeline->measure);
}

static int go_throttle(struct pipeline *pipeline, struct fan_chan *in, struct fan_chan *out)
{
    fan_rate_init(&pipeline->rate, &(struct fan_rate_options){.count = 1000000});
    return fan_throttle_go(&pipeline->group, in, out, &pipeline->rate);
}

static int go_zip(struct pipeline *pipeline, struct fan_chan *const *in, struct fan_chan *out)
{
    return fan_zip_go(&pipeline->group, in, 2, out,
                      &(struct fan_zip_options){.upstream = &pipeline->upstream.ctx});
}

static int go_draining_zip(struct pipeline *pipeline, struct fan_chan *const *in,
                           struct fan_chan *out)
{
    return fan_zip_go(&pipeline->group, in, 2, out, NULL);
}

static int start_pipe(struct pipeline *pipeline)
{
    static const struct fan_until_options until = {.count = PIPELINE_ENOUGH};
    struct fan_source source = {.next = next, .state = pipeline};
    struct fan_each each = {.put = put_first, .state = pipeline};
    pipeline->pipe = calloc(1, sizeof *pipeline->pipe);
    if (!pipeline->pipe)
        return ENOMEM;
    fan_pipe_init(pipeline->pipe, &(struct fan_pipe_options){.parent = &pipeline->ctx});
    fan_pipe_add(pipeline->pipe,
                 &(struct fan_pipe_stage){.source = &source, .size = sizeof(uint64_t)});
    fan_pipe_add(pipeline->pipe, &(struct fan_pipe_stage){.until = &until});
    fan_pipe_add(pipeline->pipe, &(struct fan_pipe_stage){.each = &each});
    return fan_pipe_start(pipeline->pipe);
}

const struct pipeline_kind pipeline_kinds[] = {
    {.name = "map", .line = go_map, .least = 1, .most = 1, .shuffles = true, .executor = true},
    {.name = "ordered map", .line = go_ordered_map, .least = 1, .most = 1, .executor = true},
    {.name = "filter",
     .line = go_filter,
     .keeps = is_even,
     .least = 1,
     .most = 1,
     .executor = true},
    {.name = "until",
     .line = go_until,
     .keeps = pipeline_is_enough,
     .least = 1,
     .most = 1,
     .upstream = true,
     .has_enough = true},
    {.name = "draining until",
     .line = go_draining_until,
     .keeps = pipeline_is_enough,
     .least = 1,
     .most = 1},
    {.name = "window",
     .line = go_window,
     .put = put_batch,
     .size = sizeof(struct batch),
     .least = 1,
     .most = 1},
    {.name = "timed window",
     .line = go_timed_window,
     .put = put_batch,
     .size = sizeof(struct batch),
     .least = 1,
     .most = 1},
    {.name = "lossy, newest", .line = go_newest_lost, .most = 1},
    {.name = "lossy, oldest", .line = go_oldest_lost, .most = 1},
    {.name = "measure", .line = go_measure, .least = 1, .most = 1},
    {.name = "throttle", .line = go_throttle, .least = 1, .most = 1},
    {.name = "zip",
     .join = go_zip,
     .put = put_pair,
     .size = 2 * sizeof(uint64_t),
     .longer = true,
     .upstream = true,
     .least = 1,
     .most = 1},
    {.name = "draining zip",
     .join = go_draining_zip,
     .put = put_pair,
     .size = 2 * sizeof(uint64_t),
     .longer = true,
     .least = 1,
     .most = 1},
    {.name = "pipe",
     .start = start_pipe,
     .whole = true,
     .has_enough = true,
     .keeps = pipeline_is_enough,
     .least = 1,
     .most = 1},
};

const size_t pipeline_kind_count = sizeof pipeline_kinds / sizeof pipeline_kinds[0];

int pipeline_all_kinds(void)
{
    return (int)(pipeline_kind_count + pipeline_many_kind_count);
}

const struct pipeline_kind *pipeline_kind(int which)
{
    size_t i = (size_t)which;
    return i < pipeline_kind_count ? &pipeline_kinds[i]
                                   : &pipeline_many_kinds[i - pipeline_kind_count];
}

/* ---- running one ---- */

static int wait_for_upstream(struct pipeline *pipeline)
{
    int error = fan_group_wait(&pipeline->upstream);
    bool had_enough = error == ECANCELED && fan_ctx_cause(&pipeline->upstream.ctx) == EPIPE;
    return had_enough ? 0 : error;
}

static int start(struct pipeline *pipeline, const struct pipeline_kind *kind)
{
    if (kind->line)
        return start_line(pipeline, kind);
    if (kind->join)
        return start_join(pipeline, kind);
    return kind->fork ? start_fork(pipeline, kind) : kind->start(pipeline);
}

/* That one could not be started because another had failed is not the reason. */
int pipeline_run(struct pipeline *pipeline, const struct pipeline_kind *kind)
{
    fan_ctx_init(&pipeline->ctx, NULL);
    fan_group_init(&pipeline->group,
                   &(struct fan_group_options){.name = kind->name, .parent = &pipeline->ctx});
    fan_group_init(&pipeline->upstream,
                   &(struct fan_group_options){.name = "upstream", .parent = &pipeline->group.ctx});
    int error = start(pipeline, kind);
    pipeline->started = error == 0;
    if (error || pipeline->cancel_at_once)
        fan_ctx_cancel(&pipeline->ctx, error);
    int waited[] = {pipeline->pipe ? fan_pipe_wait(pipeline->pipe) : 0, wait_for_upstream(pipeline),
                    fan_group_wait(&pipeline->group)};
    for (int i = 0; i < 2 && pipeline->left_open[i]; i++)
        fan_chan_close(pipeline->left_open[i]);
    for (int i = 0; i < 3; i++)
        error = error && error != ECANCELED ? error : waited[i] ? waited[i] : error;
    return error;
}

static int times_seen(const struct pipeline *pipeline, uint64_t number)
{
    return pipeline->ends[0].seen[number] + pipeline->ends[1].seen[number];
}

const char *pipeline_complaint(struct pipeline *pipeline, const struct pipeline_kind *kind,
                               bool complete)
{
    for (uint64_t i = 0; i < PIPELINE_ELEMENTS; i++) {
        bool kept = i < pipeline->elements && (!kind->keeps || kind->keeps(i));
        if (times_seen(pipeline, i) > (kept ? kind->most : 0))
            return "an element came too often";
        if (complete && kept && times_seen(pipeline, i) < kind->least)
            return "an element was left out";
    }
    if (!kind->shuffles && (pipeline->ends[0].disorder || pipeline->ends[1].disorder))
        return "elements came out of order";
    struct fan_lossy_count count = fan_lossy_count(&pipeline->lossy);
    if (count.received != count.sent + count.dropped + count.held || (complete && count.held > 0))
        return "what was lost was not counted";
    return NULL;
}

bool pipeline_is_closed(struct pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->channel_count; i++) {
        int error;
        while ((error = fan_chan_try_recv(pipeline->channels[i], NULL)) == 0)
            continue;
        if (error != EPIPE)
            return false;
    }
    return true;
}

void pipeline_clear(struct pipeline *pipeline)
{
    if (pipeline->pipe)
        fan_pipe_destroy(pipeline->pipe);
    fan_group_destroy(&pipeline->upstream);
    fan_group_destroy(&pipeline->group);
    fan_ctx_destroy(&pipeline->ctx);
    for (size_t i = 0; i < pipeline->channel_count; i++)
        fan_chan_free(pipeline->channels[i]);
    fan_rate_destroy(&pipeline->rate);
    free(pipeline->measure);
    free(pipeline->pipe);
}
