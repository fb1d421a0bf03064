#ifndef FAN_RUN_SIM_BACKEND_H
#define FAN_RUN_SIM_BACKEND_H

#include "run/result.h"
#include "sim/sim.h"

/* What the scheduler takes for a step.
 *
 * Coarse: an operation of the library, as a person thinks of it: a send, a lock, a cancel. Fine:
 * what the library's own code does inside it: takes a lock, leaves it, parks, touches an atomic.
 * The coarse grain finds what is wrong with a program; the fine one, what is wrong with the
 * library.
 *
 * What the library orders follows at the coarse grain from what its operations promise (the table
 * in sim_watch.c), at the fine one from its own locks and the memory orders of its atomics: one
 * that is too weak shows as a race. As these order a little more than is promised (two readers of a
 * reader-writer lock pass one lock of the library's), races of the program, and locks in opposite
 * orders, are for the coarse grain to find. */
enum fan_grain {
    FAN_GRAIN_COARSE,
    FAN_GRAIN_FINE,
};

/* Tells the sim backend under which scheduler, and at which grain, the program runs. One at a time
 * in a process: a program's operations have nowhere to carry a handle. */
void fan_sim_backend_use(struct fan_sim *sim, enum fan_grain grain);

/* Who hears from now on what comes of operations (run/result.h); NULL = nobody. It is called in the
 * thread that operates, and must not operate itself. */
void fan_sim_backend_hear(const struct fan_result_listener *listener);

#endif
