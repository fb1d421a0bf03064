#ifndef FAN_SIM_DELAY_H
#define FAN_SIM_DELAY_H

#include "sim/sim.h"
#include "sim/strategy.h"

/* Delay bounding (Emmi, Qadeer, Rakamaric, "Delay-bounded scheduling", POPL 2011): a systematic
 * search through the schedules near a deterministic scheduler, here the default one. First the
 * schedule without deviations, then all with one, with two and so on: the first failure that it
 * comes across has the fewest deviations of all. Letting another thread go on is one deviation, any
 * other possibility of a choice of the program too.
 *
 *     struct fan_delay delay = {.bound = 3};
 *     struct fan_strategy strategy = {&fan_strategy_delay, &delay};
 *     do
 *         fan_sim_run(sim, &strategy, program, argument);
 *     while (strategy.kind->end(strategy.state, sim));
 *
 * Every schedule is new once. To learn where one with n deviations can deviate once more it is run
 * again, which fan_delay_was_new tells: of the runs of a level about one in ten. That is the price
 * for remembering one path instead of a tree.
 *
 * Several can search at a time, each in a process of its own, with nothing between them: of the
 * first deviations, in the order in which they come, each takes every `shares`-th, and what
 * follows. The schedule without deviations is run by each. Together they are complete if each one
 * is.
 *
 * It is large (about 192 KiB); zero it, and set the bound. */
enum {
    FAN_DELAY_POINTS = 8192, /* choices of a run that are looked at */
    FAN_DELAY_NO_BOUND = UINT16_MAX,
};

/* A choice of the path that is being searched, where there is more than one possibility. */
struct fan_delay_point {
    uint64_t options; /* the threads, or the possibilities */
    uint64_t untried;
    uint8_t chosen;
    bool deviates;
};

struct fan_delay {
    uint32_t bound; /* the most deviations; FAN_DELAY_NO_BOUND: until there are no more schedules */
    uint32_t share, shares; /* this one's part, from 0, of so many; 0 = all of it */
    /* Its own, from here on; zero at first. */
    uint32_t level;      /* deviations of the schedules that are new now */
    uint32_t deviations; /* of this run, so far */
    uint32_t reached;    /* choices made in this run */
    uint32_t firsts;     /* first deviations of this level, anybody's */
    uint32_t prefix;     /* points whose choice is given for this run */
    uint32_t count;      /* points of the path */
    bool found_new;      /* some run of this level had that many deviations */
    bool exhausted;      /* there is no schedule beyond those searched */
    bool cut; /* some schedules were missed: a run or a choice too large, or a program that does not
                 do the same for the same choices */
    struct fan_delay_point points[FAN_DELAY_POINTS];
};

extern const struct fan_strategy_kind fan_strategy_delay;

/* Whether the run that has just ended was of a schedule not run before. Ask before end. */
bool fan_delay_was_new(const struct fan_delay *delay);

/* Whether every schedule with at most `deviations` deviations has been run. Ask after end. */
bool fan_delay_is_complete(const struct fan_delay *delay, uint32_t deviations);

/* Whether every schedule there is has been run. */
bool fan_delay_is_exhaustive(const struct fan_delay *delay);

#endif
