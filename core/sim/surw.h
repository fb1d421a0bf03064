#ifndef FAN_SIM_SURW_H
#define FAN_SIM_SURW_H

#include "base/random.h"
#include "sim/sim.h"
#include "sim/strategy.h"

/* The selectively uniform random walk (Zhao, Wolff, Mathur, Roychoudhury, "Selectively uniform
 * concurrency testing", ASPLOS 2025). A plain random walk all but never delays a short thread
 * behind a long one: each order of two threads' steps should be as likely as any other, and for
 * that the next step must go to a thread with a probability in proportion to the steps that it has
 * left. How many those are is learned from the runs before; what a thread has not yet spawned
 * counts as its own.
 *
 * Selectively: in every other run only the operations on one object count, chosen among those that
 * several threads used. Who is to make the next of them is drawn by weight and the others are held
 * back before theirs; all else is a plain random walk.
 *
 *     struct fan_surw surw = {.random = {.state = seed}};
 *     struct fan_strategy strategy = {&fan_strategy_surw, &surw};
 */
enum { FAN_SURW_OBJECTS = 64 }; /* with higher numbers are not chosen from; 0 stands for all */

struct fan_surw {
    struct fan_random random; /* seeded by the caller */
    /* Its own, from here on; zero at first. What was learned: */
    uint32_t runs;
    uint32_t used[FAN_SURW_OBJECTS][FAN_SIM_THREADS]; /* operations of all runs, by object */
    uint64_t users[FAN_SURW_OBJECTS];                 /* the threads that used it */
    uint8_t parents[FAN_SIM_THREADS];
    uint32_t threads; /* the most there ever were */
    /* Of this run: */
    uint32_t focus;                 /* the object whose operations count; 0 = all do */
    uint32_t known;                 /* threads that have been spawned */
    uint32_t intended;              /* who makes the next one that counts */
    uint32_t left[FAN_SIM_THREADS]; /* operations that count, in sixteenths */
};

extern const struct fan_strategy_kind fan_strategy_surw;

#endif
