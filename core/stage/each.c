#include "stage/each.h"

#include <errno.h>
#include <stddef.h>

struct each {
    struct fan_each each;
    struct fan_chan *input;
    _Alignas(max_align_t) char element[];
};

static int put_each(void *state, struct fan_ctx *ctx)
{
    struct each *each = state;
    int error;
    while ((error = fan_chan_recv(each->input, each->element, ctx)) == 0)
        if ((error = each->each.put(each->each.state, ctx, each->element)) != 0)
            return error;
    return error == EPIPE ? 0 : error;
}

static void have_no_output(void *state)
{
    (void)state;
}

int fan_each_go(struct fan_group *group, struct fan_chan *input, const struct fan_each *each)
{
    if (!input || !each || !each->put)
        return fan_stage_fail(group, EINVAL);
    struct each state = {.each = *each, .input = input};
    return fan_stage_go_with(group, put_each, have_no_output, &state, sizeof state,
                             fan_chan_element_size(input));
}
