#ifndef FAN_APP_SCREEN_STEP_STORY_H
#define FAN_APP_SCREEN_STEP_STORY_H

#include "app/grid.h"
#include "app/step.h"

/* The story so far on the Step screen, filling the pane: a head with the threads, and the latest
 * steps, each in its thread's column with what came of it, and a row wherever the scheduler went
 * from one thread to another. At the end, who is stuck. */
void fan_step_story_draw(const struct fan_pane *pane, const struct fan_step *step);

#endif
