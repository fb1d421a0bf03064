#ifndef FAN_SIM_SIM_H
#define FAN_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/op.h"
#include "sim/schedule.h"
#include "sim/strategy.h"

/* The controlled scheduler: runs a program whose threads are fibers on one thread of the system,
 * one step at a time. Which thread takes the next step, and everything else that is left open, is a
 * choice; the choices make the schedule, and the same choices give the same run.
 *
 * A run goes on until nothing can run any more, also after the program's main function has
 * returned, so that what it left behind is seen. Time is virtual: it stands still while anything
 * can run, and then jumps to the earliest deadline (Lamport's and the simulators' "lockstep").
 *
 *     struct fan_sim *sim = fan_sim_new(&options);
 *     do
 *         fan_sim_run(sim, program, argument);
 *     while (look at fan_sim_outcome(sim), and the strategy wants another run);
 */
struct fan_sim;

enum { FAN_SIM_THREADS = 64 };

/* How a run ended. */
enum fan_sim_outcome {
    FAN_SIM_FINISHED,  /* every thread has ended */
    FAN_SIM_STUCK,     /* nothing can run, and some threads have not ended */
    FAN_SIM_FAILED,    /* fan_sim_fail was called: a panic */
    FAN_SIM_ENDLESS,   /* more steps than the limit */
    FAN_SIM_ABANDONED, /* the strategy gave the run up, for it leads nowhere new */
    FAN_SIM_DIVERGED,  /* a schedule that is replayed does not fit this program */
};

struct fan_sim_options {
    size_t stack_size;   /* of each fiber, bytes; 0 = 64 KiB */
    uint32_t step_limit; /* 0 = 20,000 */
    struct fan_schedule
        *schedule; /* where the choices of a run are kept as it goes on; NULL = inside */
};

/* One step of a run, as it is remembered. */
struct fan_sim_event {
    uint8_t thread;
    uint8_t kind;    /* enum fan_probe_op */
    uint8_t stage;   /* enum fan_op_stage */
    bool by_time;    /* it could proceed because its deadline came */
    uint32_t object; /* the first that it touches; 0 = none */
    uintptr_t pc;
    uint64_t enabled; /* the threads that could have gone instead; its own bit is set */
};

struct fan_sim *fan_sim_new(const struct fan_sim_options *options);
void fan_sim_free(struct fan_sim *sim);

/* From now on a thread that can never go on does not stay before its last operation but enters it
 * when all else is over, and waits inside: so that whoever observes the program sees what a thread
 * of the system would show, blocked. Each of these steps counts as one of the run. */
void fan_sim_block_at_end(struct fan_sim *sim);

/* From now on (or no more), a mark of an access is a step like any other, but no choice: the thread
 * that comes to it goes on. What a mark accesses is still seen. Where no two marked accesses race,
 * their order follows from that of all else, and nothing is missed; where two do, what depends on
 * their order may be. */
void fan_sim_pass_marks(struct fan_sim *sim, bool passes);

/* Runs program(argument) as thread 0 under a strategy until nothing can run. */
enum fan_sim_outcome fan_sim_run(struct fan_sim *sim, const struct fan_strategy *strategy,
                                 void (*program)(void *), void *argument);

/* ---- for the running program (through the runtime's backend) ---- */

/* Makes a thread that will call entry(argument). Returns its index, or -1 if there are too many. */
int fan_sim_spawn(struct fan_sim *sim, void (*entry)(void *), void *argument);

/* What is asked for at every step stands in the front of a `struct fan_sim`, where asking is no
 * call. */
struct fan_sim_front {
    struct fan_sim_op *next_op;
    struct fan_touch *touches;
    uint32_t current;
};

static inline const struct fan_sim_front *fan_sim_front(const struct fan_sim *sim)
{
    return (const struct fan_sim_front *)sim;
}

/* Where the calling thread describes its next operation, every field but `touches`, which has room
 * for FAN_OP_TOUCHES; what it holds is of the one before. Then fan_sim_step announces it and waits
 * for its turn. */
static inline struct fan_sim_op *fan_sim_next_op(struct fan_sim *sim, struct fan_touch **touches)
{
    *touches = fan_sim_front(sim)->touches;
    return fan_sim_front(sim)->next_op;
}

void fan_sim_step(struct fan_sim *sim);

/* Waits, as the second step of the operation announced last, until ready(argument) or the deadline
 * (0 = none). What the first step touched, the second touches too. */
void fan_sim_resume(struct fan_sim *sim, bool (*ready)(const void *), const void *argument,
                    uint64_t deadline_ns);

/* A choice that is not which thread: one of `count`, from 0. */
uint32_t fan_sim_choose(struct fan_sim *sim, uint32_t count);

/* Ends the run here and now. */
_Noreturn void fan_sim_fail(struct fan_sim *sim);

/* A small number for an object, by the order of first use, equal in every run of the same choices;
 * never 0. Forgetting makes room for another object at the same address. */
uint32_t fan_sim_object(struct fan_sim *sim, const void *address);
void fan_sim_forget(struct fan_sim *sim, const void *address);

uint64_t fan_sim_now_ns(const struct fan_sim *sim);

static inline uint32_t fan_sim_current(const struct fan_sim *sim)
{
    return fan_sim_front(sim)->current;
}

/* ---- for who looks at a run, during it (a strategy) or after ---- */

uint32_t fan_sim_thread_count(const struct fan_sim *sim);
bool fan_sim_thread_ended(const struct fan_sim *sim, uint32_t thread);

/* How many operations a thread has announced, the pending one included. */
uint32_t fan_sim_thread_ops(const struct fan_sim *sim, uint32_t thread);

/* The operation that a thread which has not ended has announced. */
const struct fan_sim_op *fan_sim_pending(const struct fan_sim *sim, uint32_t thread);

/* The address of an object, by its number; NULL if there is none, or it is forgotten. */
const void *fan_sim_address(const struct fan_sim *sim, uint32_t object);

/* The thread that stopped last and whose place is to be filled: by default, it goes on. */
uint32_t fan_sim_previous(const struct fan_sim *sim);

/* Which choice of the running operation is being made, from 1, not counting that of the thread. */
uint32_t fan_sim_choices_in_operation(const struct fan_sim *sim);

/* What a schedule without deviations does next: the previous thread if it can, else the lowest. */
uint32_t fan_sim_default(const struct fan_sim *sim, uint64_t enabled);

size_t fan_sim_event_count(const struct fan_sim *sim);
const struct fan_sim_event *fan_sim_events(const struct fan_sim *sim);

/* How the run ended, or what a strategy has just made of it. */
enum fan_sim_outcome fan_sim_outcome(const struct fan_sim *sim);

/* The choices of the run, as a schedule that replays it. */
const struct fan_schedule *fan_sim_schedule(const struct fan_sim *sim);

/* A hash of all steps and values of the run, up to where nobody can go on: equal for equal runs,
 * whatever the compiler, and whether those that are stuck enter their last wait or not. */
uint64_t fan_sim_trace_hash(const struct fan_sim *sim);

/* Gives the run up, from within a strategy's function: it ends at this choice with an outcome. */
void fan_sim_give_up(struct fan_sim *sim, enum fan_sim_outcome outcome);

#endif
