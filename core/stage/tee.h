#ifndef FAN_STAGE_TEE_H
#define FAN_STAGE_TEE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stage/stage.h"
#include "sync/chan.h"
#include "sync/select.h"

/* Tee: hands each element to every one of several outputs: broadcast.
 *
 *     struct fan_chan *both[] = {to_disk, to_screen};
 *     uint64_t missed[2] = {0};
 *     fan_tee_go(&pipe, samples, both, 2,
 *                &(struct fan_tee_options){.drops = true, .dropped = missed});
 *
 * Each output gets all, in order. So a slow one holds up the others: it gets its copy when it has
 * room, and none gets the next one before all have this one. Where that must not be, as for
 * somebody who only watches, `drops` lets an output that has no room at the moment miss the
 * element. */
struct fan_tee_options {
    bool drops;        /* nobody waits for an output without room */
    uint64_t *dropped; /* atomic; for each output, what it missed; NULL = not asked for */
};

/* Starts it from `input` to `count` outputs, which have elements of its size; the array is copied.
 * NULL options drop nothing. Errors: EINVAL (a count of 0 or above FAN_SELECT_CASES, different
 * sizes), and those of all stages. */
int fan_tee_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *const *outputs,
               size_t count, const struct fan_tee_options *options);

#endif
