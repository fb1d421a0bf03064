#ifndef FAN_TESTS_SUPPORT_EVERY_SCHEDULE_H
#define FAN_TESTS_SUPPORT_EVERY_SCHEDULE_H

#include <stdint.h>

#include "tests/support/sim_program.h"

/* Runs a program by all its schedules, which are to be more than one, and returns how many of them
 * go wrong: fail, never end, or have something noticed in them, such as a race. A run that is given
 * up because it leads nowhere new is none. `sim` is what sim_program_begin has given. */
uint64_t every_schedule_count_wrong(struct fan_sim *sim, sim_program *program);

#endif
