#ifndef FAN_STAGE_FILTER_H
#define FAN_STAGE_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "stage/stage.h"
#include "sync/chan.h"

/* Parallel filter: hands on the elements that a function wants to keep, and drops the others.
 * Several are looked at at a time; ordered, those that are kept stay in their order.
 *
 *     static int is_alive(void *client, struct fan_ctx *ctx, const void *host, bool *keeps);
 *
 *     fan_filter_go(&pipe, hosts, alive,
 *                   &(struct fan_filter_options){.judge = is_alive, .ordered = true});
 *
 * It works as a map does (stage/map.h), at the same cost. */
struct fan_filter_options {
    /* Called by several threads at once: sets *keeps, false at first. 0, or an errno value, which
     * is the stage's error and ends the pipeline. A panic is the error ENOTRECOVERABLE. */
    int (*judge)(void *argument, struct fan_ctx *ctx, const void *element, bool *keeps);
    void *argument;
    const char *name;    /* of the threads; NULL = "filter" */
    int workers;         /* at most; 0 = the number of processors */
    int batch;           /* elements that one takes at once, if they are there and such as took
                          * next to no time so far; 0 = 32, in order fewer; 1 = each by itself */
    bool ordered;        /* what is kept stays in order */
    int64_t window;      /* ordered: elements that wait behind a slower one; 0 = 64 */
    bool skips_failures; /* elements whose `judge` fails are left out, and the others go on */
    uint64_t *skipped;   /* atomic; counts these; NULL = not asked for */
};

/* Starts a filter from `input` to `output`, which have elements of one size. The options are
 * copied; what they point to is used until the group's wait. Errors: EINVAL (no function, negative
 * workers, batch or window, different sizes), and those of all stages. */
int fan_filter_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *output,
                  const struct fan_filter_options *options);

#endif
