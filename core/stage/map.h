#ifndef FAN_STAGE_MAP_H
#define FAN_STAGE_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "stage/stage.h"
#include "sync/chan.h"

/* Parallel map: makes one element of another kind out of each that comes, several at a time.
 * Unordered, a result is handed on when it is there; ordered, when those before it are.
 *
 *     static int fetch(void *client, struct fan_ctx *ctx, const void *url, void *page);
 *
 *     fan_map_go(&pipe, urls, pages,
 *                &(struct fan_map_options){.run = fetch, .argument = client, .workers = 8});
 *
 * It is the executor (flow/stream.h) between two channels: a slow consumer makes the workers wait,
 * and what is held is at most a batch for each worker, and in order those that wait for their turn.
 * No element waits for the next one; and neither an element nor a result waits for a slow one that
 * was taken with it while a worker is free. An element costs 0.2 to 0.4 us where they come fast,
 * and up to a microsecond where each comes alone, so where the work on one is less, hand over
 * several in one element (stage/window.h). */
struct fan_map_options {
    /* Called by several threads at once: makes *result of *element. 0, or an errno value, which is
     * the stage's error and ends the pipeline. A panic is the error ENOTRECOVERABLE. `ctx` is done
     * when the stage is to end. Both are aligned for any type. */
    int (*run)(void *argument, struct fan_ctx *ctx, const void *element, void *result);
    void *argument;
    const char *name;    /* of the threads; NULL = "map" */
    int workers;         /* at most; 0 = the number of processors */
    int batch;           /* elements that one takes at once, if they are there and such as took
                          * next to no time so far; 0 = 32, in order fewer; 1 = each by itself */
    bool ordered;        /* results come in the order of their elements */
    int64_t window;      /* ordered: results that wait behind a slower one; 0 = 64 */
    bool skips_failures; /* elements whose `run` fails are left out, and the others go on */
    uint64_t *skipped;   /* atomic; counts them; NULL = not asked for */
};

/* Starts a map from `input` to `output`. The options are copied; what they point to is used until
 * the group's wait. Errors: EINVAL (no function, negative workers, batch or window), and those of
 * all stages. */
int fan_map_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *output,
               const struct fan_map_options *options);

#endif
