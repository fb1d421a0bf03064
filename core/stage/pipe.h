#ifndef FAN_STAGE_PIPE_H
#define FAN_STAGE_PIPE_H

#include <stddef.h>
#include <stdint.h>

#include "stage/each.h"
#include "stage/filter.h"
#include "stage/lossy.h"
#include "stage/map.h"
#include "stage/measure.h"
#include "stage/source.h"
#include "stage/stage.h"
#include "stage/throttle.h"
#include "stage/until.h"
#include "stage/window.h"

/* A pipe: stages one behind the other, with the channels between them and the groups that they run
 * in.
 *
 *     struct fan_pipe pipe;
 *     fan_pipe_init(&pipe, &(struct fan_pipe_options){.name = "import", .parent = ctx});
 *     fan_pipe_add(&pipe, &(struct fan_pipe_stage){.source = &lines, .size = sizeof(struct line)});
 *     fan_pipe_add(&pipe, &(struct fan_pipe_stage){.map = &parse, .size = sizeof(struct row)});
 *     fan_pipe_add(&pipe, &(struct fan_pipe_stage){.filter = &is_new});
 *     fan_pipe_add(&pipe, &(struct fan_pipe_stage){.each = &insert});
 *     int error = fan_pipe_run(&pipe);
 *     fan_pipe_destroy(&pipe);
 *
 * Instead of starting with a source it may read from a channel of the caller's, and instead of
 * ending with an each it has an output, which the caller reads. For what has branches there are the
 * stages by themselves (stage/stage.h). The struct (about 20 KiB) must not move once it runs. */
enum { FAN_PIPE_STAGES = 32 }; /* at most */

/* One stage: exactly one of the first group is given. What they point to must live until the start,
 * and what that points to, lossy, measure and throttle until the wait. */
struct fan_pipe_stage {
    const struct fan_source *source; /* the first one only */
    const struct fan_map_options *map;
    const struct fan_filter_options *filter;
    const struct fan_until_options *until; /* `upstream` is the pipe's affair */
    const struct fan_window_options *window;
    struct fan_lossy *lossy;
    struct fan_measure *measure;
    struct fan_rate *throttle;
    const struct fan_each *each; /* the last one only */
    int (*go)(struct fan_group *group, struct fan_chan *input, struct fan_chan *output,
              void *argument); /* any other one */

    void *argument;  /* of go */
    size_t size;     /* bytes of what it hands on; 0 = as what it gets, but a source says it */
    size_t capacity; /* of the channel behind it */
};

struct fan_pipe_options {
    const char *name;       /* of channels and threads; lives until the wait; NULL = "pipe" */
    struct fan_ctx *parent; /* NULL = none */
    struct fan_chan *input; /* what the first stage reads; NULL = it is a source */
};

struct fan_pipe {
    struct fan_pipe_options options;
    size_t count, groups, channels; /* how many there are; 0 groups: not started */
    struct fan_pipe_stage stage[FAN_PIPE_STAGES];
    struct fan_chan *output[FAN_PIPE_STAGES]; /* of each stage; NULL behind an each */
    struct fan_group group[FAN_PIPE_STAGES]; /* an until begins a new one; each is below the next */
};

/* Makes a pipe without stages. NULL options are all zero. */
void fan_pipe_init(struct fan_pipe *pipe, const struct fan_pipe_options *options);

/* Adds a stage behind the last one; the description is copied. Errors: EINVAL (not exactly one of
 * its kinds; a source that is not the first, or has no size; a first one that is none, and there is
 * no input; one behind an each), ENOSPC (too many). */
int fan_pipe_add(struct fan_pipe *pipe, const struct fan_pipe_stage *stage);

/* Starts all stages. Does not block, unless it fails: then those that were started have ended
 * again. Errors: EINVAL (no stages; a stage's own, as for sizes that do not match), ENOMEM, EAGAIN,
 * ECANCELED, ETIMEDOUT. Once only. */
int fan_pipe_start(struct fan_pipe *pipe);

/* What the last stage hands on, to be received from between start and wait, with fan_pipe_ctx. NULL
 * if that is an each. */
struct fan_chan *fan_pipe_output(const struct fan_pipe *pipe);

/* The context that ends the pipe when it is cancelled, after the start: who reads the output and
 * wants no more cancels it. */
struct fan_ctx *fan_pipe_ctx(struct fan_pipe *pipe);

/* Blocks until all stages have ended. Returns the first failure, or 0; or ECANCELED or ETIMEDOUT,
 * the context's. That an until had enough is no failure. */
int fan_pipe_wait(struct fan_pipe *pipe);

/* Start and wait. */
int fan_pipe_run(struct fan_pipe *pipe);

/* Ends its use and frees its channels, after the wait or without a start. */
void fan_pipe_destroy(struct fan_pipe *pipe);

#endif
