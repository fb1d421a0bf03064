#ifndef FAN_RUN_GRAIN_H
#define FAN_RUN_GRAIN_H

#include <stdbool.h>

/* Whether the controlled scheduler sees inside the library (run/sim_backend.h). A variable, so that
 * every lock and atomic of a coarse exploration costs a look at it and no call. Set by
 * fan_sim_backend_use alone; there is none in a build for threads of the system. */
extern bool fan_grain_is_fine;

#endif
