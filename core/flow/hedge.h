#ifndef FAN_FLOW_HEDGE_H
#define FAN_FLOW_HEDGE_H

#include <stddef.h>
#include <stdint.h>

#include "flow/hedger.h"
#include "flow/report.h"
#include "sync/ctx.h"

/* Several attempts at one thing, of which the first success counts: the same request sent again
 * when it takes long (a hedge), other servers asked after a while (tiers), or all at once.
 *
 *     static int ask(void *server, struct fan_ctx *ctx, void *answer);
 *
 *     struct fan_hedge_attempt tiers[] = {{ask, &near, 0},
 *                                         {ask, &far, 20 * FAN_MILLISECOND},
 *                                         {ask, &farthest, 50 * FAN_MILLISECOND}};
 *     int error = fan_hedge_tiers(ctx, tiers, 3, sizeof answer, NULL, &answer, NULL);
 *
 * Each attempt runs in a thread of its own, with a context that is done as soon as another one has
 * succeeded, and writes to a result of its own, of which the winner's is copied: none is ever half
 * one's and half another's. One that fails brings the next one forward, as in RFC 8305 ("Happy
 * eyeballs"). A panic is a failure, ENOTRECOVERABLE.
 *
 * For all functions here: they block until one has succeeded or all have failed, and then until the
 * others, which are cancelled, have returned as well; so nothing runs on behind them, unless
 * linger_ns says so. `ctx` may be NULL.
 *
 * They return 0, and then `result` is written; or, when all have failed, the first one's error; or
 * ECANCELED or ETIMEDOUT, the context's; or EAGAIN or ENOMEM if the first attempt could not be
 * started (where a later one cannot, it goes without). EINVAL: no function, no attempt, or delays
 * that decrease. EBUSY: there is no result, and an attempt runs on. `report`, which may be NULL and
 * is to be freed otherwise, lists how each failed, by its place, and counts
 *
 *     done        the winner
 *     failed      those that failed while there was none
 *     dropped     those that were under way when it was decided
 *     cancelled   those that were not begun
 *
 * so that `hedges` is 0: that is of tasks, which count once. */
struct fan_hedge_attempt {
    int (*run)(void *argument, struct fan_ctx *ctx, void *result);
    void *argument;
    uint64_t delay_ns; /* since the call began */
};

struct fan_hedge_options {
    const char *name;   /* of the threads; NULL = "attempt" */
    uint64_t linger_ns; /* how long to wait for attempts that were cancelled; 0 = for ever. What
                         * runs on keeps a thread and its result until it returns; its argument
                         * must live as long */
    struct fan_hedger *budget; /* whom to ask for each attempt but the first; NULL = nobody */
};

/* Runs the attempt, and once more if that takes longer than the hedger says and it has a token
 * left. Its delay is not looked at. */
int fan_hedge(struct fan_ctx *ctx, struct fan_hedger *hedger,
              const struct fan_hedge_attempt *attempt, size_t result_size,
              const struct fan_hedge_options *options, void *result, struct fan_report *report);

/* Begins each attempt after its delay, but for the first, which begins at once. */
int fan_hedge_tiers(struct fan_ctx *ctx, const struct fan_hedge_attempt *attempts, size_t count,
                    size_t result_size, const struct fan_hedge_options *options, void *result,
                    struct fan_report *report);

/* Begins all at once, whatever their delays. */
int fan_hedge_first_success(struct fan_ctx *ctx, const struct fan_hedge_attempt *attempts,
                            size_t count, size_t result_size,
                            const struct fan_hedge_options *options, void *result,
                            struct fan_report *report);

#endif
