#ifndef FAN_APP_SCREEN_STEP_SOURCE_H
#define FAN_APP_SCREEN_STEP_SOURCE_H

#include "app/grid.h"
#include "app/step.h"

/* The scenario's source around the place of a thread's next operation, filling the pane; beside
 * each line, the threads whose next operation stands there. Nothing if the place is in another
 * file, or the scenario has no source with it. */
void fan_step_source_draw(const struct fan_pane *pane, const struct fan_step *step, int thread);

#endif
