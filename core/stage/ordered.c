/* No locks: one thread. */
#include "stage/ordered.h"

#include <errno.h>
#include <stdlib.h>

#include "stage/inputs.h"

struct ordered {
    size_t count;
    struct fan_chan *output;
    struct fan_chan *inputs[]; /* a copy, and behind it an element */
};

static void *element_of(struct ordered *ordered)
{
    return ordered->inputs + ordered->count;
}

/* Returns EPIPE when the input whose turn it is has ended. */
static int merge(struct ordered *ordered, size_t *turn, struct fan_ctx *ctx)
{
    int error = ordered->count ? 0 : EPIPE;
    while (!error) {
        error = fan_chan_recv(ordered->inputs[*turn], element_of(ordered), ctx);
        if (!error)
            error = fan_chan_send(ordered->output, element_of(ordered), ctx);
        if (!error)
            *turn = (*turn + 1) % ordered->count;
    }
    return error;
}

/* No other input may have anything more. */
static int check_the_others(struct ordered *ordered, size_t turn, struct fan_ctx *ctx)
{
    int error = EPIPE;
    for (size_t i = 1; i < ordered->count && error == EPIPE; i++) {
        size_t other = (turn + i) % ordered->count;
        error = fan_chan_recv(ordered->inputs[other], element_of(ordered), ctx);
    }
    if (error == EPIPE)
        return 0;
    return error ? error : EPROTO;
}

static int run(void *state, struct fan_ctx *ctx)
{
    struct ordered *ordered = state;
    size_t turn = 0;
    int error = merge(ordered, &turn, ctx);
    return error == EPIPE ? check_the_others(ordered, turn, ctx) : error;
}

static void end(void *state)
{
    fan_chan_close(((struct ordered *)state)->output);
}

int fan_ordered_go(struct fan_group *group, struct fan_chan *const *inputs, size_t count,
                   struct fan_chan *output)
{
    if (!fan_inputs_fit(inputs, count, output))
        return fan_stage_fail(group, EINVAL);
    size_t size = sizeof(struct ordered) + count * sizeof(struct fan_chan *);
    struct ordered *ordered = malloc(size);
    if (!ordered)
        return fan_stage_fail(group, ENOMEM);
    *ordered = (struct ordered){.count = count, .output = output};
    for (size_t i = 0; i < count; i++)
        ordered->inputs[i] = inputs[i];
    int error = fan_stage_go_with(group, run, end, ordered, size, fan_chan_element_size(output));
    free(ordered);
    return error;
}
