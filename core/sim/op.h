#ifndef FAN_SIM_OP_H
#define FAN_SIM_OP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/probe.h"

/* An operation under the controlled scheduler: what a thread is about to do. It is announced before
 * it runs, and runs, as one step, when the scheduler says so. The scheduler knows no channels and
 * no locks: of an operation it sees which objects it touches and how, and whether it could proceed
 * now.
 *
 * Two operations are dependent if they touch one object in ways that do not commute; the order of
 * independent ones makes no difference, which is what lets an exploration leave most orders out. A
 * touch may claim too much, never too little. */
enum fan_touch_mode {
    FAN_TOUCH_READ, /* commutes with other reads */
    /* Commutes with other adds: a count that goes towards its end. An operation that waits, and
     * only reads it, waits until it is there: so none of the adds can come after that instead. */
    FAN_TOUCH_ADD,
    FAN_TOUCH_WRITE, /* commutes with nothing */
    /* The ends of a queue: with itself each is a write. One at either end commute unless the one
     * makes the other possible: unless it puts what the other takes, or takes what was in the way
     * of the other. Only for operations that wait until they can proceed, and then do. */
    FAN_TOUCH_PUT,
    FAN_TOUCH_TAKE,
};

struct fan_touch {
    uint32_t object; /* fan_sim_object */
    uint32_t mode;   /* enum fan_touch_mode */
};

enum {
    FAN_OP_TOUCHES = 34 /* a select over 32 cases, its context, and one more */
};

/* How far an operation is. Most take one step. What meets a partner (an unbuffered send, a wait on
 * a condition) takes two: it arrives, and from then on others see it waiting; and it resumes. */
enum fan_op_stage {
    FAN_STAGE_ARRIVE,
    FAN_STAGE_RESUME,
};

struct fan_sim_op {
    enum fan_probe_op kind;
    enum fan_op_stage stage;
    uintptr_t pc; /* where the program called it */
    /* Whether it can proceed; NULL = always. No side effects. */
    bool (*ready)(const void *argument);
    const void *argument; /* lives until the step is taken */
    uint64_t deadline_ns; /* virtual time at which it proceeds even so; 0 = none */
    uint32_t touch_count;
    /* With a PUT or TAKE: how many have passed that end by now, and how many are between the ends
     * at most. */
    const uint64_t *passed;
    uint64_t capacity;
    const struct fan_touch *touches;
};

static inline bool fan_touches_conflict(const struct fan_touch *a, const struct fan_touch *b)
{
    return a->object == b->object && (a->mode != b->mode || a->mode >= FAN_TOUCH_WRITE);
}

/* Whether the order of two operations can make a difference. */
bool fan_ops_dependent(const struct fan_touch *a, uint32_t a_count, const struct fan_touch *b,
                       uint32_t b_count);

#endif
