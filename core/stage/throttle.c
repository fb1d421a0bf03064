#include "stage/throttle.h"

#include <errno.h>

#include "stage/inputs.h"

struct throttle {
    struct fan_chan *input, *output;
    struct fan_rate *rate;
    _Alignas(max_align_t) char element[];
};

static int hand_on(struct throttle *throttle, struct fan_ctx *ctx)
{
    int error = fan_rate_take(throttle->rate, 1, ctx);
    return error ? error : fan_chan_send(throttle->output, throttle->element, ctx);
}

static int run(void *state, struct fan_ctx *ctx)
{
    struct throttle *throttle = state;
    int error;
    while ((error = fan_chan_recv(throttle->input, throttle->element, ctx)) == 0)
        if ((error = hand_on(throttle, ctx)) != 0)
            return error;
    return error == EPIPE ? 0 : error;
}

static void end(void *state)
{
    struct throttle *throttle = state;
    fan_chan_close(throttle->output);
}

int fan_throttle_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *output,
                    struct fan_rate *rate)
{
    size_t size = fan_chan_element_size(input);
    if (!rate || !fan_inputs_fit(&input, 1, output))
        return fan_stage_fail(group, EINVAL);
    struct throttle throttle = {.input = input, .output = output, .rate = rate};
    return fan_stage_go_with(group, run, end, &throttle, sizeof throttle, size);
}
