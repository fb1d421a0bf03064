#ifndef FAN_SIM_TRACE_H
#define FAN_SIM_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/clock.h"
#include "sim/op.h"
#include "sim/sim.h"

/* The steps of a run and what must have happened before what among them: a step comes after the
 * earlier ones of its thread, after the step that spawned the thread, and after every earlier step
 * that it depends on. When time jumps, all that came before it comes before all that follows. Runs
 * that differ only in the order of other steps are of one class (Mazurkiewicz, "Trace theory",
 * 1987): they pass through the same states of each object and end in the same way.
 *
 * Dependence is more than two touches of one object. Who waits in two places, at a channel and at a
 * context, goes on by whichever calls first; so those two callers depend on each other as long as
 * he waits, though they touch nothing in common. Hence an operation carries a set of waiting
 * threads beside its touches, and both depend on when one looks.
 *
 * A trace is kept from run to run: what two runs have in common at their beginning is not worked
 * out again. */
struct fan_trace_op {
    uint32_t thread;
    enum fan_probe_op kind;
    enum fan_op_stage stage;
    uint64_t objects;    /* which are touched, by number modulo 64 */
    uint64_t may_resume; /* the waiting threads that it can meet */
    uint64_t passed, capacity;
    bool waits; /* until it can proceed */
    uint32_t touch_count;
    const struct fan_touch *touches;
};

/* Whether the order of two operations can make a difference. */
typedef bool fan_trace_relation(const struct fan_trace_op *a, const struct fan_trace_op *b);

fan_trace_relation fan_trace_dependent;

struct fan_trace_step {
    struct fan_trace_op op;
    uint64_t enabled; /* who could have gone instead */
    bool after_jump;  /* time jumped before it */
    struct fan_clock clock;
};

struct fan_trace_pending {
    struct fan_trace_op op;
    struct fan_touch touches[FAN_OP_TOUCHES];
};

struct fan_trace {
    fan_trace_relation *dependent;
    bool adds_conflict; /* FAN_TOUCH_ADD counts as a write */
    uint32_t limit, count;
    uint64_t now_ns;
    struct fan_trace_step *steps; /* `limit` of them */
    struct fan_touch *touches;    /* of all steps */
    /* What the threads are about to do, as last looked at. */
    struct fan_trace_pending pending[FAN_SIM_THREADS];
    uint32_t threads;
    int64_t last[FAN_SIM_THREADS]; /* the step whose clock a thread goes on with; -1 = none */
    struct fan_clock jump;         /* all that came before the last jump of time */
};

/* Reserves room for `limit` steps; only what is used takes memory. Returns 0 or ENOMEM. */
int fan_trace_init(struct fan_trace *trace, uint32_t limit);
void fan_trace_destroy(struct fan_trace *trace);

/* Begins a run. */
void fan_trace_begin(struct fan_trace *trace);

/* Takes note of the threads that the last step has spawned; before each step, and at the end. */
void fan_trace_note_spawned(struct fan_trace *trace, const struct fan_sim *sim);

/* Reads what each thread is about to do. */
void fan_trace_look(struct fan_trace *trace, const struct fan_sim *sim);

/* The next step is the one that an earlier run took here: nothing needs working out. */
void fan_trace_repeat(struct fan_trace *trace, const struct fan_sim *sim);

/* Whether time has jumped since the last step. */
bool fan_trace_has_jumped(const struct fan_trace *trace, const struct fan_sim *sim);

/* The next step is this thread's, which has been looked at, as one of the `enabled`. */
void fan_trace_take(struct fan_trace *trace, const struct fan_sim *sim, uint32_t thread,
                    uint64_t enabled);

/* The threads whose pending operation depends on that of `thread`. */
uint64_t fan_trace_dependent_threads(const struct fan_trace *trace, fan_trace_relation *dependent,
                                     uint32_t thread);

/* Goes through the steps that race with the pending operation of `thread`: it depends on them,
 * nothing but that puts it after them, and it could go before them. For each, latest first, calls
 * race(argument, step, first), where `first` are the threads one of which must go in the place of
 * that step for this to happen. */
void fan_trace_races(const struct fan_trace *trace, uint32_t thread,
                     void (*race)(void *argument, uint32_t step, uint64_t first), void *argument);

#endif
