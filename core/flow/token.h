#ifndef FAN_FLOW_TOKEN_H
#define FAN_FLOW_TOKEN_H

#include <stdint.h>

#include "sync/ctx.h"

/* A token: the promise to complete a task later. An asynchronous task (flow/stream.h) is started,
 * hands its token to whoever will know the outcome (an event loop, a driver's callback) and
 * returns; no thread waits for it. Elsewhere: a promise, a completion handler, io_uring's
 * user_data.
 *
 *     static int start(void *loop, struct fan_ctx *ctx, const void *url, void *page,
 *                      struct fan_token token)
 *     {
 *         return fetch(loop, url, &(struct fetching){page, ctx, token}); // 0, or why it cannot
 *     }
 *
 *     static void fetched(struct fetching *fetching, int error) // in the loop's thread
 *     {
 *         fan_token_complete(fetching->token, error);
 *     }
 *
 * A plain value that may be copied. Each is completed exactly once; once more is a misuse, also
 * long after: it panics while the call lasts, and later touches memory that is gone. Void is also
 * the token of a start that has failed, or panicked. The task and its result stay where they are
 * until then, however the call ends. */
struct fan_flight;

struct fan_token {
    struct fan_flight *flight;
    uint32_t turn; /* of the flight's memory, which serves one task after the other */
};

/* Says that the task is done: with 0 and its result written, or with its failure, an errno value or
 * any other number from -2^29 to 2^29 - 1.
 * From any thread, also one that this library did not make, and also while the task's start still
 * runs. Runs none of the caller's functions and does not block: a thread that hands results over is
 * woken, once for as many as come together. Afterwards task, result and context are not to be
 * touched any more. */
void fan_token_complete(struct fan_token token, int error);

/* The task's context, as its start was given it: done when the task need not go on. Valid until the
 * token is completed. */
struct fan_ctx *fan_token_ctx(struct fan_token token);

#endif
