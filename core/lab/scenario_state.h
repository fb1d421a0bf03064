#ifndef FAN_LAB_SCENARIO_STATE_H
#define FAN_LAB_SCENARIO_STATE_H

#include <stdint.h>

#include "lab/scenario.h"
#include "run/lock.h"

/* What stands behind a `struct fan_lab *`, for who runs variants: the child, and tests. Filled in
 * by hand; the blocks start as NULL. */
struct fan_lab_block;
struct fan_lab_channel;

struct fan_lab {
    uint64_t workers, items, seed;
    uint64_t pace_ns; /* what a task takes on average; 0 = hardly anything */
    struct fan_lock guard;
    struct fan_lab_block *blocks;     /* guard: what fan_lab_alloc has given out */
    struct fan_lab_channel *channels; /* guard: and fan_lab_chan */
};

/* Frees all that the lab has given out. No thread of the scenario may be left. */
void fan_lab_release(struct fan_lab *lab);

#endif
