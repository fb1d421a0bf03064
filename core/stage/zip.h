#ifndef FAN_STAGE_ZIP_H
#define FAN_STAGE_ZIP_H

#include <stddef.h>

#include "stage/stage.h"
#include "sync/chan.h"
#include "sync/select.h"

/* Zip: takes one element from each of several inputs and makes one of them: the i-th with the i-th.
 *
 *     struct pair {
 *         int id;
 *         double price;
 *     };
 *     fan_zip_go(&pipe, (struct fan_chan *[]){ids, prices}, 2, pairs,
 *                &(struct fan_zip_options){.offsets = (size_t[]){offsetof(struct pair, id),
 *                                                                offsetof(struct pair, price)}});
 *
 * It ends with the shorter input: as soon as one is closed that a pair still needs. What others
 * have given for that pair is dropped. The longer ones have to end too: as with until
 * (stage/until.h) their senders' context, `upstream`, is cancelled with EPIPE as its cause, or
 * without one the stage receives and drops what they send until they are closed.
 *
 * Beware of branches that a tee feeds and of which one leaves elements out: the pairs no longer
 * belong together, and where one branch waits for room and the other for elements, both wait for
 * ever. */
struct fan_zip_options {
    const size_t *offsets; /* where each input's element begins; NULL = one behind the other */
    struct fan_ctx *upstream;
};

/* Starts it from `count` inputs to `output`; the arrays are copied. Bytes of the output's elements
 * that no input covers are 0. NULL options have neither. Errors: EINVAL (a count of 0 or above
 * FAN_SELECT_CASES, an element that does not fit into the output's), and those of all stages. */
int fan_zip_go(struct fan_group *group, struct fan_chan *const *inputs, size_t count,
               struct fan_chan *output, const struct fan_zip_options *options);

#endif
