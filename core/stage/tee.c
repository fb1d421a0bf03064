#include "stage/tee.h"

#include <errno.h>
#include <string.h>

#include "run/atomic.h"
#include "stage/inputs.h"

struct tee {
    struct fan_chan *input, *outputs[FAN_SELECT_CASES];
    size_t count;
    struct fan_tee_options options;
    _Alignas(max_align_t) char element[];
};

/* To whichever has room first, so that each gets it as early as it can. */
static int send_to_all(struct tee *tee, struct fan_ctx *ctx)
{
    struct fan_select_case cases[FAN_SELECT_CASES];
    size_t chosen = 0;
    int error = 0;
    for (size_t i = 0; i < tee->count; i++)
        cases[i] = (struct fan_select_case)FAN_SEND(tee->outputs[i], tee->element);
    for (size_t left = tee->count; left > 0 && !error; left--) {
        error = fan_select(cases, tee->count, ctx, &chosen);
        if (!error)
            cases[chosen].chan = NULL;
    }
    return error;
}

static int send_to_those_with_room(struct tee *tee, struct fan_ctx *ctx)
{
    for (size_t i = 0; i < tee->count; i++)
        if (fan_chan_try_send(tee->outputs[i], tee->element) != 0 && tee->options.dropped)
            fan_atomic_fetch_add(&tee->options.dropped[i], 1, FAN_RELAXED);
    return fan_ctx_error(ctx);
}

static int run(void *state, struct fan_ctx *ctx)
{
    struct tee *tee = state;
    int error;
    while ((error = fan_chan_recv(tee->input, tee->element, ctx)) == 0) {
        error = tee->options.drops ? send_to_those_with_room(tee, ctx) : send_to_all(tee, ctx);
        if (error)
            return error;
    }
    return error == EPIPE ? 0 : error;
}

static void end(void *state)
{
    struct tee *tee = state;
    for (size_t i = 0; i < tee->count; i++)
        fan_chan_close(tee->outputs[i]);
}

int fan_tee_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *const *outputs,
               size_t count, const struct fan_tee_options *options)
{
    struct tee tee = {.input = input, .count = count};
    if (!outputs || count == 0 || count > FAN_SELECT_CASES)
        return fan_stage_fail(group, EINVAL);
    if (options)
        tee.options = *options;
    memcpy(tee.outputs, outputs, count * sizeof(struct fan_chan *));
    if (!fan_inputs_fit(tee.outputs, count, input))
        return fan_stage_fail(group, EINVAL);
    return fan_stage_go_with(group, run, end, &tee, sizeof tee, fan_chan_element_size(input));
}
