#ifndef FAN_TESTS_SUPPORT_RUN_MEMORY_H
#define FAN_TESTS_SUPPORT_RUN_MEMORY_H

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

/* Static data that is not to be put back from run to run. */
struct fan_pristine_range run_memory_own(void);

#endif
