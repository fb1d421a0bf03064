#ifndef FAN_TESTS_SUPPORT_SIGHT_H
#define FAN_TESTS_SUPPORT_SIGHT_H

#include "run/sim_watch.h"
#include "sim/sim.h"

#include "tests/support/small.h"

/* Runs generated programs (tests/support/small.h) under a strategy, and keeps what was seen: the
 * classes of the runs with the values that the threads saw, and the places of failures. The classes
 * are worked out here without economy, from the touches of every step, by the definition.
 *
 * A test that uses it asks for
 *
 * LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
struct sight;

enum { SIGHT_STEPS = 64 /* of a run; more than any of the programs takes */ };

/* The one scheduler of a test's process, and its end. */
struct fan_sim *sight_begin(void);
void sight_end(struct fan_sim *sim);

struct sight *sight_new(void);
void sight_forget(struct sight *sight);

/* Runs the program once. The strategy's end is not called, nor its next. */
void sight_run(struct sight *sight, const struct small *program,
               const struct fan_strategy *strategy);

uint32_t sight_runs(const struct sight *sight);
uint32_t sight_classes(const struct sight *sight);  /* of runs that do not fail */
uint32_t sight_failures(const struct sight *sight); /* places */
bool sight_is_ambiguous(const struct sight *sight); /* one class, two results */
bool sight_same(struct sight *a, struct sight *b);

/* Whether they have the same results, however many classes have each. */
bool sight_same_results(const struct sight *a, const struct sight *b);

/* From now on runs are watched for races; with NULL no more. */
void sight_watch(struct fan_sim_watch *watch);
bool sight_raced(const struct sight *sight); /* one was noticed in a run that was watched */

/* Adds to `sight` what was seen by the other. */
void sight_add(struct sight *sight, const struct sight *other);

/* Runs any program once, with memory of its own, thrown away before the next run. */
enum fan_sim_outcome sight_run_plainly(const struct fan_strategy *strategy,
                                       void (*program)(void *));

#endif
