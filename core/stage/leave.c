#include "stage/leave.h"

#include <errno.h>

#include "sync/select.h"

/* From whichever has something: one that is left alone may keep the sender of another one
 * waiting. */
static int drop_until_closed(struct fan_chan *const *inputs, size_t count, struct fan_ctx *ctx)
{
    struct fan_select_case cases[FAN_SELECT_CASES];
    size_t open = count, chosen = 0;
    int error = 0;
    for (size_t i = 0; i < count; i++)
        cases[i] = (struct fan_select_case)FAN_RECV(inputs[i], NULL);
    while (open > 0 && (error = fan_select(cases, count, ctx, &chosen)) == 0) {
        if (cases[chosen].result != EPIPE)
            continue;
        cases[chosen].chan = NULL;
        open--;
    }
    return error;
}

int fan_leave(struct fan_chan *const *inputs, size_t count, struct fan_ctx *upstream,
              struct fan_ctx *ctx)
{
    if (!upstream)
        return drop_until_closed(inputs, count, ctx);
    fan_ctx_cancel(upstream, EPIPE);
    return 0;
}
