/* No locks: one thread. */
#include "stage/priority.h"

#include <errno.h>

#include "stage/inputs.h"

_Static_assert(FAN_PRIORITY_MOST == (int)FAN_INPUTS_MOST,
               "as many as one select has, and one more");

struct priority {
    struct fan_chan *output;
    uint32_t share;
    uint32_t since_turn; /* elements since a lower input had its turn */
    size_t turn;         /* which one has the next */
    struct fan_inputs inputs;
    _Alignas(max_align_t) char element[];
};

/* Which input is asked before all others; 0 = none, which leaves them in their order. */
static size_t whose_turn(struct priority *priority)
{
    bool due = priority->share && ++priority->since_turn >= priority->share;
    if (!due || priority->inputs.count < 2)
        return 0;
    priority->since_turn = 0;
    priority->turn = priority->turn >= priority->inputs.count ? 2 : priority->turn + 1;
    return priority->turn;
}

static int take_one(struct priority *priority, struct fan_ctx *ctx)
{
    struct fan_select_case *cases = priority->inputs.cases;
    size_t favoured = whose_turn(priority), chosen;
    cases[0].chan = favoured ? cases[favoured].chan : NULL;
    int error = fan_select_first(cases, priority->inputs.count + 1, ctx, &chosen);
    if (error)
        return error;
    if (cases[chosen].result == 0)
        return fan_chan_send(priority->output, priority->element, ctx);
    fan_inputs_shut(&priority->inputs, chosen ? chosen : favoured);
    return 0;
}

static int run(void *state, struct fan_ctx *ctx)
{
    struct priority *priority = state;
    int error = 0;
    fan_inputs_receive(&priority->inputs, priority->element);
    while (priority->inputs.open && !error)
        error = take_one(priority, ctx);
    return error;
}

static void end(void *state)
{
    struct priority *priority = state;
    fan_chan_close(priority->output);
}

int fan_priority_go(struct fan_group *group, struct fan_chan *const *inputs, size_t count,
                    struct fan_chan *output, const struct fan_priority_options *options)
{
    struct priority priority = {
        .output = output, .share = options ? options->share : 0, .turn = count};
    if (count > FAN_PRIORITY_MOST || !fan_inputs_fit(inputs, count, output))
        return fan_stage_fail(group, EINVAL);
    fan_inputs_init(&priority.inputs, inputs, count);
    return fan_stage_go_with(group, run, end, &priority, sizeof priority,
                             fan_chan_element_size(output));
}
