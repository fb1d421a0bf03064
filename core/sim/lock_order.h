#ifndef FAN_SIM_LOCK_ORDER_H
#define FAN_SIM_LOCK_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/stack.h"

/* In which order a run's threads take locks while they hold others. If one thread takes b while it
 * holds a, and another takes a while it holds b, there is a schedule in which each waits for the
 * other, even if this one got through; and so it is with a circle of more. (Havelund, "Using
 * runtime analysis to guide model checking of Java programs", SPIN 2000: GoodLock.)
 *
 * No circle is one in which two threads hold a lock in common, for it keeps them apart; or in which
 * a lock is only shared, by who holds it and who takes it.
 *
 *     uint32_t mine = fan_lock_order_add(&order, &a_then_b);
 *     fan_lock_order_circle(&order, mine, unordered, argument)   // the step after it, or NONE
 *
 * A zero one is empty. Locks and threads are numbers, threads below 64. */
enum {
    FAN_LOCK_ORDER_STEPS = 64, /* different ones of a run; more are left out */
    FAN_LOCK_ORDER_HELD = 8,
    FAN_LOCK_ORDER_NONE = UINT32_MAX,
};

/* A thread took a lock while it held others; `held` is one of these, each has a step. */
struct fan_lock_step {
    uint32_t thread;
    uint32_t held, taken;
    bool held_shared, taken_shared;
    uint32_t all_count;
    uint32_t all[FAN_LOCK_ORDER_HELD]; /* that it held */
    struct fan_stack stack;            /* where it took it */
};

struct fan_lock_order {
    uint32_t count;
    struct fan_lock_step steps[FAN_LOCK_ORDER_STEPS];
};

/* Remembers a step and returns its index; NONE if it was known, or if there is no room. */
uint32_t fan_lock_order_add(struct fan_lock_order *order, const struct fan_lock_step *step);

/* Looks for a circle that a step closes, of steps that `counts` lets in. Returns the one that takes
 * what this one held, or NONE. */
uint32_t fan_lock_order_circle(const struct fan_lock_order *order, uint32_t last,
                               bool (*counts)(void *argument, uint32_t step), void *argument);

#endif
