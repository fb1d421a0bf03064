#ifndef FAN_LAB_SIM_MINIMISE_H
#define FAN_LAB_SIM_MINIMISE_H

#include "lab/sim_explorer.h"

/* Makes the schedules of all failures that have been found as short as can be, each under the same
 * kind and place (sim/minimise.h). A failure has its short schedule as soon as that is known, so
 * that a child which dies on the way has lost nothing. */
void fan_explorer_minimise(struct fan_explorer *explorer);

#endif
