#ifndef FAN_LAB_SIM_STORY_H
#define FAN_LAB_SIM_STORY_H

#include "lab/exploration.h"
#include "run/result.h"
#include "sim/replay.h"
#include "sim/sim.h"

/* How the story of a run is written down: a replay that notes each step as it is taken (the run may
 * not come to an end), what came of it, and by which id an observer knows the step's object. The
 * program must be published. From its first run on it listens to the backend. */
struct fan_sim_story {
    struct fan_replay *replay;
    struct fan_story *story;
    struct fan_chair *chair; /* NULL = to the end; else what is to be chosen after */
    uint32_t stop;           /* so many choices is told there, and the run given up */
    /* private */
    const struct fan_sim *sim;
    struct fan_result_listener listener;
};

extern const struct fan_strategy_kind fan_strategy_story; /* its state is a struct fan_sim_story */

#endif
