#include "stage/split.h"

#include <errno.h>
#include <string.h>

#include "stage/inputs.h"

struct split {
    struct fan_chan *input, *outputs[FAN_SELECT_CASES];
    size_t count;
    struct fan_split_options options;
    uint64_t received;
    _Alignas(max_align_t) char element[];
};

static int send_to_ready(struct split *split, struct fan_ctx *ctx)
{
    struct fan_select_case cases[FAN_SELECT_CASES];
    size_t chosen;
    for (size_t i = 0; i < split->count; i++)
        cases[i] = (struct fan_select_case)FAN_SEND(split->outputs[i], split->element);
    return fan_select(cases, split->count, ctx, &chosen);
}

static int hand_on(struct split *split, struct fan_ctx *ctx)
{
    const struct fan_split_options *options = &split->options;
    if (options->by == FAN_SPLIT_READY)
        return send_to_ready(split, ctx);
    uint64_t key = options->by == FAN_SPLIT_BY_KEY ? options->key(options->argument, split->element)
                                                   : split->received++;
    return fan_chan_send(split->outputs[key % split->count], split->element, ctx);
}

static int run(void *state, struct fan_ctx *ctx)
{
    struct split *split = state;
    int error;
    while ((error = fan_chan_recv(split->input, split->element, ctx)) == 0)
        if ((error = hand_on(split, ctx)) != 0)
            return error;
    return error == EPIPE ? 0 : error;
}

static void end(void *state)
{
    struct split *split = state;
    for (size_t i = 0; i < split->count; i++)
        fan_chan_close(split->outputs[i]);
}

static bool is_valid(const struct split *split)
{
    const struct fan_split_options *options = &split->options;
    return fan_inputs_fit(split->outputs, split->count, split->input) &&
           options->by <= FAN_SPLIT_READY && (options->by != FAN_SPLIT_BY_KEY || options->key);
}

int fan_split_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *const *outputs,
                 size_t count, const struct fan_split_options *options)
{
    struct split split = {.input = input, .count = count};
    if (!outputs || count == 0 || count > FAN_SELECT_CASES)
        return fan_stage_fail(group, EINVAL);
    if (options)
        split.options = *options;
    memcpy(split.outputs, outputs, count * sizeof(struct fan_chan *));
    if (!is_valid(&split))
        return fan_stage_fail(group, EINVAL);
    return fan_stage_go_with(group, run, end, &split, sizeof split, fan_chan_element_size(input));
}
