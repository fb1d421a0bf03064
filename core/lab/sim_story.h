#ifndef FAN_LAB_SIM_STORY_H
#define FAN_LAB_SIM_STORY_H

#include "lab/exploration.h"
#include "sim/replay.h"
#include "sim/sim.h"

/* How the story of a run is written down: a replay that notes each step as it is taken (the run may
 * not come to an end), and by which id an observer knows the step's object. The program must be
 * published. */
struct fan_sim_story {
    struct fan_replay *replay;
    struct fan_story *story;
};

extern const struct fan_strategy_kind fan_strategy_story; /* its state is a struct fan_sim_story */

#endif
