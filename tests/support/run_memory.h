#ifndef FAN_TESTS_SUPPORT_RUN_MEMORY_H
#define FAN_TESTS_SUPPORT_RUN_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "sim/pristine.h"

/* The memory of a run under the controlled scheduler, from an arena that is thrown away before the
 * next run. A test whose runs allocate asks for
 *
 * LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
void run_memory_init(void);
void run_memory_destroy(void);

/* Between the two, what is allocated belongs to the run. */
void run_memory_begin(void);
void run_memory_end(void);

/* What the latest run has not freed, and how often it has asked for memory. */
size_t run_memory_live(void);
uint64_t run_memory_asked(void);

/* In the runs from now on that request (from 1) finds no memory, and no other; 0 = every one finds
 * some. */
void run_memory_refuse(uint64_t which);

/* Static data that is not to be put back from run to run. */
struct fan_pristine_range run_memory_own(void);

#endif
