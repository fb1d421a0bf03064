#ifndef FAN_SIM_DPOR_H
#define FAN_SIM_DPOR_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/frontier.h"
#include "sim/strategy.h"
#include "sim/trace.h"

/* The strategy that proves: it goes through schedules until every way in which the program can go
 * has been seen, leaving out those that differ only in the order of steps which do not depend on
 * each other. Dynamic partial order reduction (Flanagan and Godefroid, POPL 2005), with the source
 * sets of Abdulla, Aronis, Jonsson and Sagonas (POPL 2014) for what to try, and sleep sets
 * (Godefroid 1996) for what not to try again.
 *
 *     struct fan_dpor *dpor = fan_dpor_new(NULL);
 *     struct fan_strategy strategy = {&fan_strategy_dpor, dpor};
 *     do
 *         fan_sim_run(sim, &strategy, program, argument);
 *     while (fan_strategy_dpor.end(dpor, sim));
 *     if (fan_dpor_report(dpor)->complete)
 *         ...
 *
 * When it is complete, each class of runs that end (by finishing, or by being stuck) was run once.
 * Of the runs that fail every kind of failure was seen, at every place, but not every way there.
 *
 * Several of them, each in a process of its own, can share one search, by a frontier: then each
 * asks before every run whether there is one for it (fan_strategy_dpor.next). They see together
 * what one would see alone; only how many runs are abandoned, and how often a failure is seen, is a
 * matter of who is faster.
 *
 * A program must behave equally in equal schedules. One that does not is recognised only by chance;
 * then the search ends with FAN_SIM_DIVERGED and is not complete. */
struct fan_dpor;

struct fan_dpor_options {
    uint32_t step_limit; /* 0 = FAN_FRONTIER_STEPS */
    /* What orders steps, and what wakes a thread that sleeps; for tests. NULL = dependence. */
    fan_trace_relation *dependent, *wakes;
    struct fan_frontier *frontier; /* shared with others; NULL = its own */
    uint32_t place;                /* there */
    uint64_t runs;                 /* of its own one, that are not abandoned; 0 = all */
};

/* Of the whole search, whoever made the runs. */
struct fan_dpor_report {
    uint64_t runs;
    uint64_t finished, stuck, failed; /* by how they ended; only these count as schedules */
    uint64_t abandoned;               /* found to lead nowhere new after some steps */
    uint64_t endless;                 /* cut off at a limit */
    uint64_t classes;                 /* = finished + stuck: no two of them are of one class */
    bool complete;                    /* all has been seen; never if a run was cut off */
    bool diverged;
    /* An operation that only adds has failed, so that the order of adds matters after all: the
     * search began anew, and tells more classes apart. */
    bool adds_conflict;
};

/* NULL if there is no memory. `options` may be NULL. With a frontier its limit is the steps'. */
struct fan_dpor *fan_dpor_new(const struct fan_dpor_options *options);
void fan_dpor_free(struct fan_dpor *dpor);

struct fan_dpor_report fan_dpor_report(const struct fan_dpor *dpor);

/* How many of the classes were seen by this one. */
uint64_t fan_dpor_own_classes(const struct fan_dpor *dpor);

/* Its state is a struct fan_dpor. */
extern const struct fan_strategy_kind fan_strategy_dpor;

#endif
