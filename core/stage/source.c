#include "stage/source.h"

#include <errno.h>

struct source {
    struct fan_source source;
    struct fan_chan *output;
    _Alignas(max_align_t) char element[];
};

/* Each element is sent as soon as it is there: so a warning that the next will take its time means
 * nothing but that it has to be asked for again. */
static int next(struct source *source, struct fan_ctx *ctx)
{
    int error;
    do
        error = source->source.next(source->source.state, ctx, source->element);
    while (error == EAGAIN && source->source.warns);
    return error;
}

static int send_all(void *state, struct fan_ctx *ctx)
{
    struct source *source = state;
    int error;
    while ((error = next(source, ctx)) == 0)
        if ((error = fan_chan_send(source->output, source->element, ctx)) != 0)
            return error;
    return error == ENODATA ? 0 : error;
}

static void close_output(void *state)
{
    struct source *source = state;
    fan_chan_close(source->output);
}

int fan_source_go(struct fan_group *group, const struct fan_source *source, struct fan_chan *output)
{
    if (!source || !source->next || !output)
        return fan_stage_fail(group, EINVAL);
    struct source state = {.source = *source, .output = output};
    return fan_stage_go_with(group, send_all, close_output, &state, sizeof state,
                             fan_chan_element_size(output));
}
