#ifndef FAN_STAGE_STAGE_H
#define FAN_STAGE_STAGE_H

#include <stddef.h>

#include "flow/group.h"

/* A stage: a part of a pipeline that reads from its input channels, does one thing, and writes to
 * its output channels. Its threads are tasks of a task group, which is the pipeline: its context
 * ends every stage, the first error of a stage ends the others, and its wait joins them all.
 *
 *     struct fan_group pipe;
 *     fan_group_init(&pipe, &(struct fan_group_options){.name = "pipe", .parent = ctx});
 *     fan_merge_go(&pipe, shops, SHOPS, prices, NULL);
 *     fan_window_go(&pipe, prices, windows, &(struct fan_window_options){.count = 100});
 *     while (fan_chan_recv(windows, &window, &pipe.ctx) == 0)
 *         show(&window);
 *     int error = fan_group_wait(&pipe);
 *
 * For all stages:
 *   - Each has one function, fan_<stage>_go, that starts it and returns at once: 0; or EINVAL (a
 *     channel or what a stage cannot do without is NULL, and as each says), or ENOMEM or EAGAIN (no
 *     thread was to be had), and then the group has failed with that error, so that the stages
 *     before and after end too, and nothing was closed; or ECANCELED or ETIMEDOUT (the group's
 *     context was done already). So, of many that are started in a row, the group's wait tells as
 *     well whether all of them could be.
 *   - The channels belong to the caller, who frees them after the wait. A stage alone sends on its
 *     output, and closes it when it ends, whatever the reason. It closes no input.
 *   - It ends when its inputs are closed and what was in them is handed on; or, within a few
 *     milliseconds, when the context is done: then elements that it holds are lost. A consumer who
 *     wants no more cancels the group's context: he does not just stop reading.
 *   - Functions of the user's that it calls get the context and look at it if they take long.
 *
 * The group has no limit, for a stage that waits for its turn would hold up those around it. */

/* For who writes a stage: runs `run` with a copy of `size` bytes of *state in a thread of the
 * group's, and `end` after it, on every way out, a panic among them; `end` closes the outputs and
 * gives back what the state holds. If no thread was to be had, `end` is not called and the group
 * has failed. Errors: ENOMEM, EAGAIN, ECANCELED, ETIMEDOUT (the group's context is done
 * already). */
int fan_stage_go(struct fan_group *group, int (*run)(void *state, struct fan_ctx *ctx),
                 void (*end)(void *state), const void *state, size_t size);

/* The same with `more` bytes of zeros behind the copy, so that a stage's memory is one block that
 * is there before the stage is. A state whose size is a multiple of that of max_align_t may have
 * any type there. */
int fan_stage_go_with(struct fan_group *group, int (*run)(void *state, struct fan_ctx *ctx),
                      void (*end)(void *state), const void *state, size_t size, size_t more);

/* For who writes a stage that cannot be started (EINVAL, ENOMEM before its thread): the group fails
 * with `error`. Returns `error`. */
int fan_stage_fail(struct fan_group *group, int error);

#endif
