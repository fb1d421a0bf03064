/* Stages that lie before an until end when it has had enough, those behind it go on. So each until
 * begins a group, and the group before it is below it in the tree of contexts: whoever ends a group
 * ends all that lie before it too, which would only work for nobody. The last one is the pipe's
 * own. */
#include "stage/pipe.h"

#include <errno.h>
#include <stdbool.h>

void fan_pipe_init(struct fan_pipe *pipe, const struct fan_pipe_options *options)
{
    pipe->options = options ? *options : (struct fan_pipe_options){0};
    pipe->count = pipe->groups = pipe->channels = 0;
    if (!pipe->options.name)
        pipe->options.name = "pipe";
}

/* ---- describing ---- */

static bool has_one_kind(const struct fan_pipe_stage *stage)
{
    return (stage->source != NULL) + (stage->map != NULL) + (stage->filter != NULL) +
               (stage->until != NULL) + (stage->window != NULL) + (stage->lossy != NULL) +
               (stage->measure != NULL) + (stage->throttle != NULL) + (stage->each != NULL) +
               (stage->go != NULL) ==
           1;
}

static bool fits_behind(const struct fan_pipe *pipe, const struct fan_pipe_stage *stage)
{
    if (stage->source && stage->size == 0)
        return false;
    if (pipe->count == 0)
        return (stage->source != NULL) == (pipe->options.input == NULL);
    return !stage->source && !pipe->stage[pipe->count - 1].each;
}

int fan_pipe_add(struct fan_pipe *pipe, const struct fan_pipe_stage *stage)
{
    if (!has_one_kind(stage) || !fits_behind(pipe, stage) || pipe->groups > 0)
        return EINVAL;
    if (pipe->count == FAN_PIPE_STAGES)
        return ENOSPC;
    pipe->stage[pipe->count++] = *stage;
    return 0;
}

/* ---- building ---- */

static size_t count_groups(const struct fan_pipe *pipe)
{
    size_t groups = 1;
    for (size_t i = 1; i < pipe->count; i++)
        groups += pipe->stage[i].until != NULL;
    return groups;
}

static void make_groups(struct fan_pipe *pipe)
{
    struct fan_ctx *parent = pipe->options.parent;
    pipe->groups = count_groups(pipe);
    for (size_t i = pipe->groups; i-- > 0;) {
        struct fan_group_options options = {.name = pipe->options.name, .parent = parent};
        fan_group_init(&pipe->group[i], &options);
        parent = &pipe->group[i].ctx;
    }
}

static struct fan_chan *input_of(const struct fan_pipe *pipe, size_t i)
{
    return i > 0 ? pipe->output[i - 1] : pipe->options.input;
}

static int make_channels(struct fan_pipe *pipe)
{
    for (size_t i = 0; i < pipe->count; i++) {
        const struct fan_pipe_stage *stage = &pipe->stage[i];
        size_t size = stage->size ? stage->size : fan_chan_element_size(input_of(pipe, i));
        pipe->output[i] = NULL;
        if (!stage->each)
            pipe->output[i] = fan_chan_new(pipe->options.name, size, stage->capacity);
        if (!stage->each && !pipe->output[i])
            return ENOMEM;
        pipe->channels++;
    }
    return 0;
}

/* ---- starting ---- */

static int start_until(struct fan_group *group, struct fan_group *before, struct fan_chan *input,
                       struct fan_chan *output, const struct fan_until_options *given)
{
    struct fan_until_options options = *given;
    if (before)
        options.upstream = &before->ctx;
    return fan_until_go(group, input, output, &options);
}

static int start_stage(struct fan_pipe *pipe, size_t i, size_t in_group)
{
    const struct fan_pipe_stage *stage = &pipe->stage[i];
    struct fan_group *group = &pipe->group[in_group];
    struct fan_chan *input = input_of(pipe, i), *output = pipe->output[i];
    if (stage->source)
        return fan_source_go(group, stage->source, output);
    if (stage->map)
        return fan_map_go(group, input, output, stage->map);
    if (stage->filter)
        return fan_filter_go(group, input, output, stage->filter);
    if (stage->until)
        return start_until(group, in_group > 0 ? group - 1 : NULL, input, output, stage->until);
    if (stage->window)
        return fan_window_go(group, input, output, stage->window);
    if (stage->lossy)
        return fan_lossy_go(group, input, output, stage->lossy);
    if (stage->measure)
        return fan_measure_go(group, input, output, stage->measure);
    if (stage->throttle)
        return fan_throttle_go(group, input, output, stage->throttle);
    if (stage->each)
        return fan_each_go(group, input, stage->each);
    return stage->go(group, input, output, stage->argument);
}

static int start_stages(struct fan_pipe *pipe)
{
    int error = 0;
    for (size_t i = 0, in_group = 0; i < pipe->count && !error; i++) {
        in_group += i > 0 && pipe->stage[i].until;
        error = start_stage(pipe, i, in_group);
    }
    return error;
}

/* A stage cannot be started either when one before it has failed already: then that is the
 * reason. */
int fan_pipe_start(struct fan_pipe *pipe)
{
    if (pipe->count == 0 || pipe->groups > 0)
        return EINVAL;
    make_groups(pipe);
    int error = make_channels(pipe);
    if (!error)
        error = start_stages(pipe);
    if (!error)
        return 0;
    fan_ctx_cancel(fan_pipe_ctx(pipe), error);
    int failure = fan_pipe_wait(pipe);
    return error == ECANCELED && failure ? failure : error;
}

/* ---- running and ending ---- */

struct fan_chan *fan_pipe_output(const struct fan_pipe *pipe)
{
    return pipe->channels > 0 ? pipe->output[pipe->channels - 1] : NULL;
}

struct fan_ctx *fan_pipe_ctx(struct fan_pipe *pipe)
{
    return &pipe->group[pipe->groups - 1].ctx;
}

/* The group's error; but not that the until behind it had enough. */
static int wait_for_group(struct fan_pipe *pipe, size_t i)
{
    struct fan_group *group = &pipe->group[i];
    int error = fan_group_wait(group);
    bool had_enough =
        i + 1 < pipe->groups && error == ECANCELED && fan_ctx_cause(&group->ctx) == EPIPE;
    return had_enough ? 0 : error;
}

/* What ends a group ends those before it too: that they were cancelled is not the reason. */
int fan_pipe_wait(struct fan_pipe *pipe)
{
    int first = 0;
    for (size_t i = 0; i < pipe->groups; i++) {
        int error = wait_for_group(pipe, i);
        if (error)
            fan_ctx_cancel(fan_pipe_ctx(pipe), error);
        if (error && (!first || first == ECANCELED))
            first = error;
    }
    return first;
}

int fan_pipe_run(struct fan_pipe *pipe)
{
    int error = fan_pipe_start(pipe);
    return error ? error : fan_pipe_wait(pipe);
}

void fan_pipe_destroy(struct fan_pipe *pipe)
{
    for (size_t i = 0; i < pipe->groups; i++)
        fan_group_destroy(&pipe->group[i]);
    for (size_t i = 0; i < pipe->channels; i++)
        fan_chan_free(pipe->output[i]);
    *pipe = (struct fan_pipe){0};
}
