#ifndef FAN_FLOW_WAYS_H
#define FAN_FLOW_WAYS_H

#include <stddef.h>

#include "flow/stream.h"

/* Three ways to fan out over an array by hand, side by side: what each costs, and what each has to
 * take care of. All three run `work` on each of `count` tasks, at most `limit` at once, leave each
 * result at its task's place, cancel the rest at the first failure, and return it. fan_out
 * (flow/fanout.h) does the same, and is what a program takes; these are here to be read and
 * measured.
 *
 *   channels   `limit` threads for the whole call, tasks and outcomes sent through channels. A task
 *              pays for two hand-overs. The shape for tasks that arrive one by one, and for results
 *              that somebody wants as they come.
 *   group      a thread for each task, in a task group with a limit. A task pays for a thread. The
 *              shape for a few tasks of different kinds; nothing is closed, nobody collects.
 *   semaphore  a thread for each task, which waits for a permit before it is started. As dear; the
 *              shape where the limit is not this call's own: a semaphore can be shared by many
 *              calls, and tasks may weigh differently.
 *
 * In Go the last two are as cheap as the first, for a goroutine is. Here a thread costs several
 * times what two hand-overs do, and those a hundred times what fan_out takes for a task (`fanlab
 * experiment ways` measures all four).
 *
 * Block until all that was started has ended. Errors: the first failure of a task (ENOTRECOVERABLE:
 * a panic); ECANCELED, ETIMEDOUT (the context's); EINVAL (a limit below 1, no `run`); EAGAIN,
 * ENOMEM. */
int fan_ways_channels(struct fan_ctx *ctx, const void *tasks, size_t count,
                      const struct fan_work *work, void *results, int limit);
int fan_ways_group(struct fan_ctx *ctx, const void *tasks, size_t count,
                   const struct fan_work *work, void *results, int limit);
int fan_ways_semaphore(struct fan_ctx *ctx, const void *tasks, size_t count,
                       const struct fan_work *work, void *results, int limit);

#endif
