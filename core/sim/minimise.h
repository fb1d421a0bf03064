#ifndef FAN_SIM_MINIMISE_H
#define FAN_SIM_MINIMISE_H

#include "sim/delay.h"
#include "sim/schedule.h"
#include "sim/sim.h"

/* Makes a failing schedule short: a schedule that fails in the same way with as few deviations as
 * can be, and among those one with few preemptions (a thread stopped that could have gone on).
 *
 * Deviations are left out, many at a time at first (Zeller, Hildebrandt, "Simplifying and isolating
 * failure-inducing input", TSE 2002), from every start there is: the schedules given and further
 * random walks that fail. Leaving out alone ends in a local minimum, so the rest is a proof: all
 * schedules with fewer deviations are run (sim/delay.h), as far as the limit allows. If one of them
 * fails it is the shortest; if none does, the one at hand is.
 *
 *     struct fan_minimiser *minimiser = calloc(1, sizeof *minimiser);
 *     minimiser->sim = sim;
 *     minimiser->fails = fails_like_the_first;
 *     minimiser->argument = &first;
 *     if (fan_minimise(minimiser, &found, 1) == 0)
 *         print(&minimiser->best, minimiser->certified);
 */
enum { FAN_MINIMISE_STARTS = 50, FAN_MINIMISE_RUNS = 100000 };

struct fan_minimiser {
    struct fan_sim *sim;
    /* Runs the program on `sim` under a strategy. Returns whether it fails in the way meant. The
     * run is then looked at: fan_sim_schedule, fan_sim_events. */
    bool (*fails)(void *argument, const struct fan_strategy *strategy);
    void *argument;
    uint64_t seed;      /* of the random walks */
    uint32_t starts;    /* how many random walks to take; 0 = FAN_MINIMISE_STARTS */
    uint64_t most_runs; /* of the search that certifies; 0 = FAN_MINIMISE_RUNS */
    /* The result: */
    struct fan_schedule best;
    uint32_t preemptions; /* that it has */
    bool certified;       /* no schedule with fewer deviations fails */
    uint64_t runs;        /* it took */
    /* Its own: */
    bool has_best;
    struct fan_schedule shrunk, trial;
    struct fan_delay delay;
};

/* Minimises `count` schedules that fail (0 is fine: then random walks must find one). Everything
 * in the minimiser but what the caller sets starts as zero. Returns 0, or ENOENT if nothing failed:
 * the failure does not depend on the schedule alone. */
int fan_minimise(struct fan_minimiser *minimiser, const struct fan_schedule *failing, size_t count);

#endif
