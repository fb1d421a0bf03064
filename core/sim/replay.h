#ifndef FAN_SIM_REPLAY_H
#define FAN_SIM_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/schedule.h"
#include "sim/strategy.h"

/* The strategy that replays a schedule. Its state is a struct fan_replay.
 *
 * Strict: a deviation that does not fit (its thread cannot run) ends the run as FAN_SIM_DIVERGED.
 * Lenient: it is left out; for who tries out shorter schedules. Either way one that was never
 * reached shows only in `used`. */
struct fan_replay {
    const struct fan_schedule *schedule;
    bool lenient;
    uint32_t used; /* deviations that were applied in this run */
};

extern const struct fan_strategy_kind fan_strategy_replay;

#endif
