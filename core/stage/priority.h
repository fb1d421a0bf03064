#ifndef FAN_STAGE_PRIORITY_H
#define FAN_STAGE_PRIORITY_H

#include <stddef.h>
#include <stdint.h>

#include "stage/stage.h"
#include "sync/chan.h"

/* A merge by priority: the first input goes before the second, that before the third, and so on. An
 * element is taken from an input only at a moment when none before it has one.
 *
 *     struct fan_chan *jobs[] = {urgent, normal};
 *     fan_priority_go(&pipe, jobs, 2, queue, &(struct fan_priority_options){.share = 10});
 *
 * Strictly so, a busy input starves those behind it; `share` leaves them a part of the whole.
 * Elements that lie in the output are overtaken by none: give it a small capacity. Several inputs
 * of one priority are merged first (stage/merge.h). The merge of Go's textbooks looks at the higher
 * one and then selects over both: it takes a lower element now and then although a higher one is
 * there. */
enum { FAN_PRIORITY_MOST = 31 /* inputs */ };

struct fan_priority_options {
    /* Of so many elements one may come from a lower input, if that has one, although a higher one
     * has too; the lower inputs take turns. So each of them gets at least one of share * (inputs -
     * 1) elements while it has any. 0 = never; 1 = every element. */
    uint32_t share;
};

/* Starts the merge. Does not block. The array `inputs` is copied. `options` may be NULL. Errors: as
 * of all stages (stage.h); EINVAL: more inputs than FAN_PRIORITY_MOST; a channel is NULL, or has
 * elements of another size than the output. */
int fan_priority_go(struct fan_group *group, struct fan_chan *const *inputs, size_t count,
                    struct fan_chan *output, const struct fan_priority_options *options);

#endif
