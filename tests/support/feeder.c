#include "tests/support/feeder.h"

#include "stage/stage.h"
#include "sync/timer.h"

static int feed(void *state, struct fan_ctx *ctx)
{
    struct feeder *feeder = state;
    struct fan_ctx *own = feeder->ctx ? feeder->ctx : ctx;
    int error = 0;
    for (uint64_t i = feeder->from; i < feeder->to && !error; i += feeder->step) {
        if (feeder->pause_ns)
            error = fan_sleep(feeder->pause_ns, own);
        if (!error)
            error = fan_chan_send(feeder->output, &i, own);
    }
    return feeder->ctx ? 0 : error;
}

static void end(void *state)
{
    fan_chan_close(((struct feeder *)state)->output);
}

int feeder_go(struct fan_group *group, const struct feeder *feeder)
{
    struct feeder copy = *feeder;
    if (copy.step == 0)
        copy.step = 1;
    return fan_stage_go(group, feed, end, &copy, sizeof copy);
}
