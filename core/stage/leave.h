#ifndef FAN_STAGE_LEAVE_H
#define FAN_STAGE_LEAVE_H

#include <stddef.h>

#include "sync/chan.h"
#include "sync/ctx.h"

/* For a stage that has had enough before its inputs end (until, zip). Whoever sends to them must
 * not be left blocked: with a context of theirs, `upstream`, that is cancelled, with EPIPE as its
 * cause; without one, the inputs are received from, and what comes is dropped, until all are
 * closed. Blocks. Errors: ECANCELED, ETIMEDOUT (of `ctx`).
 *
 * At most FAN_SELECT_CASES inputs. */
int fan_leave(struct fan_chan *const *inputs, size_t count, struct fan_ctx *upstream,
              struct fan_ctx *ctx);

#endif
