#ifndef FAN_STAGE_ORDERED_H
#define FAN_STAGE_ORDERED_H

#include <stddef.h>

#include "stage/stage.h"
#include "sync/chan.h"

/* The ordered merge by turns: takes one element from the first input, one from the second, and
 * after the last from the first again. If element i of the whole was given to worker i modulo n,
 * and each worker answers in its order, the output is in the order of the whole, without a number
 * on anything and with nothing held back here.
 *
 *     for (int i = 0; (error = next(&line)) == 0; i++)
 *         fan_chan_send(to_worker[i % WORKERS], &line, ctx);
 *     ...
 *     fan_ordered_go(&pipe, from_worker, WORKERS, answers);
 *
 * For work that takes equally long: a slow worker holds up all others as soon as the channels
 * between are full. Otherwise number the elements (stage/tag.h, stage/reorder.h). */

/* Starts the merge. Does not block. The array `inputs` is copied.
 *
 * An input that has ended ends the order: if another one then has an element whose turn comes
 * later, some were lost on the way, and the stage fails with EPROTO, what came before being handed
 * on. Errors of the call: as of all stages (stage.h); EINVAL: a channel is NULL, or has elements of
 * another size than the output. */
int fan_ordered_go(struct fan_group *group, struct fan_chan *const *inputs, size_t count,
                   struct fan_chan *output);

#endif
