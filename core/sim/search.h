#ifndef FAN_SIM_SEARCH_H
#define FAN_SIM_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/frontier.h"
#include "sim/sim.h"
#include "sim/strategy.h"

/* One worker's part of a systematic search over a frontier: the path that its next run repeats, and
 * where it goes on from there. A strategy decides at each point what is to be tried; this decides
 * who tries it, and when.
 *
 *     fan_search_join(&search, frontier, place);
 *     while ((next = fan_search_next(&search)) != FAN_STRATEGY_OVER) {
 *         if (next == FAN_STRATEGY_WAIT)
 *             continue;                                // others have all there is
 *         fan_search_begin(&search);
 *         ... the run: fan_search_open, _point, _want ...
 *         fan_search_end(&search, passed, outcome);
 *     }
 *
 * Not for two threads; the frontier is what workers share. */
struct fan_search {
    struct fan_frontier *frontier;
    uint32_t place;
    struct fan_frontier_step *steps;
    struct fan_frontier_value *values;
    /* Of this run: */
    uint64_t epoch;
    uint32_t depth; /* steps that it repeats */
    bool buries;    /* the last of them killed a worker, and is not to be taken */
    /* Nothing of the path is known from the run before; for the strategy, which sets it back. */
    bool elsewhere;
};

/* Takes a place, where a worker that died may have left work. */
void fan_search_join(struct fan_search *search, struct fan_frontier *frontier, uint32_t place);

/* Gives the place up, in good order. */
void fan_search_leave(struct fan_search *search);

/* Whether there is a run to make. To be asked before each, and by who is told so the
 * run is made; does not block for long. */
enum fan_strategy_next fan_search_next(struct fan_search *search);

/* Begins the run. */
void fan_search_begin(struct fan_search *search);

/* What is known of the choice before a step, be it shared or not. */
struct fan_frontier_point *fan_search_point(const struct fan_search *search, uint32_t step);

/* Makes the point that follows `step` steps: a new one. Those asleep are known from the step
 * before. Who is chosen there is for fan_search_choose. */
void fan_search_open(struct fan_search *search, uint32_t step, uint64_t options);
void fan_search_choose(struct fan_search *search, uint32_t step, uint32_t chosen);

/* From now on, something of this is to be tried at that point too. */
void fan_search_want(struct fan_search *search, uint32_t step, uint64_t options);

/* How many steps of this run have been passed: for who looks when the worker is dead. */
void fan_search_passed(struct fan_search *search, uint32_t steps);

/* Counts the run that has ended after so many steps, and takes the next branch, deepest first. */
void fan_search_end(struct fan_search *search, uint32_t passed, enum fan_sim_outcome outcome);

/* All is to begin anew, in another epoch, with every count at 0. */
void fan_search_start_over(struct fan_search *search);

/* Ends the search before its end, for all. */
void fan_search_stop(struct fan_search *search);

/* Adds up the counts of all places: how many runs ended in each way. Also whether nothing is left
 * to try. */
bool fan_search_counts(const struct fan_search *search, uint64_t counts[FAN_FRONTIER_OUTCOMES]);

#endif
