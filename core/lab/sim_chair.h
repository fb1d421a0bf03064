#ifndef FAN_LAB_SIM_CHAIR_H
#define FAN_LAB_SIM_CHAIR_H

#include "lab/exploration.h"
#include "sim/sim.h"

/* Fills in the scheduler's chair (lab/exploration.h) while a schedule is run: what each thread has
 * announced, as it does; and, where the run stops, what is to be chosen. */

/* The previous thread has announced its next operation, or has ended. Called on its stack, where
 * all that it passed to the operation can be looked at. */
void fan_sim_chair_note(struct fan_chair *chair, const struct fan_sim *sim);

/* The choice that is due: one of these threads; or one of `count` possibilities of the operation
 * under way. */
void fan_sim_chair_offer_threads(struct fan_chair *chair, const struct fan_sim *sim,
                                 uint64_t enabled);
void fan_sim_chair_offer_values(struct fan_chair *chair, const struct fan_sim *sim, uint32_t count);

#endif
