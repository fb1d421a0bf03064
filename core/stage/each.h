#ifndef FAN_STAGE_EACH_H
#define FAN_STAGE_EACH_H

#include "stage/stage.h"
#include "sync/chan.h"

/* The end of a pipeline: calls a function with each element that comes out, one after the other.
 *
 *     static int print(void *unused, struct fan_ctx *ctx, const void *record);
 *
 *     fan_each_go(&pipe, records, &(struct fan_each){.put = print});
 */
struct fan_each {
    /* 0, or an errno value, which is the stage's error and ends the pipeline. Called by one
     * thread. */
    int (*put)(void *state, struct fan_ctx *ctx, const void *element);
    void *state;
};

/* Starts it; the struct is copied. Errors: EINVAL (no function), and those of all stages. */
int fan_each_go(struct fan_group *group, struct fan_chan *input, const struct fan_each *each);

#endif
