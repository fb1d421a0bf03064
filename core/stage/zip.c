#include "stage/zip.h"

#include <errno.h>
#include <string.h>

#include "stage/leave.h"

struct zip {
    struct fan_chan *inputs[FAN_SELECT_CASES], *output;
    size_t offsets[FAN_SELECT_CASES];
    size_t count;
    struct fan_ctx *upstream;
    bool closed; /* the output */
    _Alignas(max_align_t) char element[];
};

/* Takes from whichever input has something, so that it sees at once when one has ended: EPIPE. */
static int gather(struct zip *zip, struct fan_ctx *ctx)
{
    struct fan_select_case cases[FAN_SELECT_CASES];
    size_t chosen = 0;
    int error = 0;
    for (size_t i = 0; i < zip->count; i++)
        cases[i] = (struct fan_select_case)FAN_RECV(zip->inputs[i], zip->element + zip->offsets[i]);
    for (size_t left = zip->count; left > 0 && !error; left--) {
        error = fan_select(cases, zip->count, ctx, &chosen);
        if (!error)
            error = cases[chosen].result;
        if (!error)
            cases[chosen].chan = NULL;
    }
    return error;
}

static void close_output(struct zip *zip)
{
    if (!zip->closed)
        fan_chan_close(zip->output);
    zip->closed = true;
}

static int run(void *state, struct fan_ctx *ctx)
{
    struct zip *zip = state;
    int error;
    while ((error = gather(zip, ctx)) == 0)
        if ((error = fan_chan_send(zip->output, zip->element, ctx)) != 0)
            return error;
    if (error != EPIPE)
        return error;
    close_output(zip);
    return fan_leave(zip->inputs, zip->count, zip->upstream, ctx);
}

static void end(void *state)
{
    close_output(state);
}

/* Where each element goes; false if one does not fit, or there is no such channel. */
static bool lay_out(struct zip *zip, const size_t *offsets)
{
    size_t room = fan_chan_element_size(zip->output), at = 0;
    for (size_t i = 0; i < zip->count; i++) {
        size_t size = fan_chan_element_size(zip->inputs[i]);
        zip->offsets[i] = offsets ? offsets[i] : at;
        if (!zip->inputs[i] || zip->offsets[i] > room || size > room - zip->offsets[i])
            return false;
        at = zip->offsets[i] + size;
    }
    return true;
}

int fan_zip_go(struct fan_group *group, struct fan_chan *const *inputs, size_t count,
               struct fan_chan *output, const struct fan_zip_options *options)
{
    struct zip zip = {
        .output = output, .count = count, .upstream = options ? options->upstream : NULL};
    if (!inputs || !output || count == 0 || count > FAN_SELECT_CASES)
        return fan_stage_fail(group, EINVAL);
    memcpy(zip.inputs, inputs, count * sizeof(struct fan_chan *));
    if (!lay_out(&zip, options ? options->offsets : NULL))
        return fan_stage_fail(group, EINVAL);
    return fan_stage_go_with(group, run, end, &zip, sizeof zip, fan_chan_element_size(output));
}
