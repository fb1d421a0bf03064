#ifndef FAN_FLOW_FANOUT_H
#define FAN_FLOW_FANOUT_H

#include <stddef.h>

#include "flow/stream.h"

/* Fan-out over an array: runs a function on each of `count` tasks, at most `limit` at once, and
 * joins the results, each at its task's place. What it does not say here it does as fan_out_stream
 * does (flow/stream.h), whose work, options and report it takes.
 *
 *     double prices[SHOPS];
 *     int error = fan_out(ctx, shops, SHOPS,
 *                         &(struct fan_work){.run = ask_for_price, .task_size = sizeof *shops,
 *                                            .result_size = sizeof *prices},
 *                         prices, NULL, &(struct fan_stream_options){.limit = 4}, NULL);
 *
 * `results` has room for `count` results; that of a task which has not succeeded is left as it was.
 * `errors`, which may be NULL, gets what became of each task: 0; its failure, also one that the
 * report has no room for; ETIMEDOUT if there was too little time left to begin it; or ECANCELED if
 * the call ended without it. Both are written before the call returns and never after, also where a
 * task runs on (EBUSY): that one has copies, and tasks that were taken together with it may count
 * as it does, as ended without. */
int fan_out(struct fan_ctx *ctx, const void *tasks, size_t count, const struct fan_work *work,
            void *results, int *errors, const struct fan_stream_options *options,
            struct fan_report *report);

#endif
