#ifndef FAN_TESTS_SUPPORT_SIM_PROGRAM_H
#define FAN_TESTS_SUPPORT_SIM_PROGRAM_H

#include "base/panic.h"
#include "base/probe.h"
#include "run/sim_backend.h"
#include "sim/lines.h"
#include "sim/sim.h"

/* Runs a small program under the controlled scheduler, as often as a test likes: what it allocates
 * comes from an arena, and a panic ends its run as FAN_SIM_FAILED. A test that uses it asks for
 *
 * LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free
 */
typedef void sim_program(void *argument);

/* The one scheduler of a test's process. */
struct fan_sim *sim_program_begin(void);

enum fan_sim_outcome sim_program_run(const struct fan_strategy *strategy, sim_program *program);

/* The first thing that was noticed in the latest run, NULL if nothing was. Runs are watched
 * (run/sim_watch.h) unless that is turned off. */
const struct fan_notice *sim_program_notice(void);
void sim_program_watch(bool on);

/* At which grain programs run from now on; coarse at first. At the fine grain a run may be cut off
 * while a lock of the library is held, so what is static is then put back before each run, and at
 * the next call, to what it is at this one. */
void sim_program_grain(enum fan_grain grain);

/* From now on that is so at the coarse grain too: for programs that ask how many threads live,
 * under a strategy that gives runs up. */
void sim_program_put_back(void);

/* The panic that ended the latest run, if it was one. */
const struct fan_panic *sim_program_panic(void);

/* What the latest run's accesses did to cache lines. */
const struct fan_lines *sim_program_lines(void);

/* The same, over and over: runs until one does not finish, at most `runs`, and returns how many it
 * took, 0 if all finished. Calls the strategy's end after each. */
uint32_t sim_program_hunt(const struct fan_strategy *strategy, sim_program *program, uint32_t runs);

/* How many of `runs` runs do not finish. */
uint32_t sim_program_count_failing(const struct fan_strategy *strategy, sim_program *program,
                                   uint32_t runs);

/* For a program: a run in which this does not hold fails. */
void sim_program_must(bool holds);

#endif
