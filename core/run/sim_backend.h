#ifndef FAN_RUN_SIM_BACKEND_H
#define FAN_RUN_SIM_BACKEND_H

#include "sim/sim.h"

/* Tells the sim backend under which scheduler the program runs. One at a time in a process: a
 * program's operations have nowhere to carry a handle. */
void fan_sim_backend_use(struct fan_sim *sim);

#endif
