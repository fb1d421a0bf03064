#ifndef FAN_LAB_SIM_LAST_WORDS_H
#define FAN_LAB_SIM_LAST_WORDS_H

#include "base/panic.h"
#include "lab/exploration.h"
#include "sim/sim.h"

/* The last words of a child that explores: a schedule may kill it, and its parent is to know how
 * and where. Crashes come here through the probe, as panics of kind FAN_PANIC_SIGNAL; a program
 * that calls exit within a run is made to leave words as if it had crashed. */

/* Listens for crashes, for exit, and for SIGXCPU. Errors: those of fan_crash_install, ENOMEM. */
int fan_sim_last_words_prepare(struct fan_exploration *shared);

/* Writes down what has come. May be called from a signal handler. A program that dies before its
 * build is known is known by the operations up to there. */
void fan_sim_last_words_take(struct fan_exploration *shared, const struct fan_sim *sim,
                             const struct fan_panic *panic);

#endif
