#ifndef FAN_LAB_SIM_MEMORY_H
#define FAN_LAB_SIM_MEMORY_H

#include <stdbool.h>

/* The memory of a child that runs a program again and again: malloc and free serve a run from an
 * arena and the rest of the process from the C library; and the program's static data are put back
 * as they were. So every run starts from the same bytes, and a program that leaks, or keeps state
 * in statics, can be run a million times.
 *
 * Freeing a block twice, or what no malloc gave out, is a panic of the program. Builds with a
 * sanitizer keep its own malloc; they leak, and say so where it is due. */

/* Prepares. To be called once, when everything is set up as the first run is to find it. Errors:
 * ENOMEM, EINVAL. */
int fan_sim_memory_init(void);

/* What is allocated from now on belongs to the run; until the end of it. */
void fan_sim_memory_begin(void);
void fan_sim_memory_end(void);

/* Whether a run is under way. */
bool fan_sim_memory_within_run(void);

/* Makes everything as it was at fan_sim_memory_init. Not within a run. */
void fan_sim_memory_reset(void);

#endif
