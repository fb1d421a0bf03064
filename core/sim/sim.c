/* No locks: all of it runs on one thread of the system. A run is left from inside, by a switch to
 * the driver's fiber that is never switched back; what the abandoned fibers held is the arena's
 * affair. */
#include "sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "sim/fiber.h"
#include "sim/stacks.h"

enum {
    STEP_LIMIT = 20000,
    OBJECTS = 4096, /* a power of two; more objects than that all count as one */
    OVERFLOWED = OBJECTS,
    INTERESTS = 64, /* a power of two */
};

/* Where the stacks lie, so that an address on one is the same in every process. */
#define STACKS_AT UINT64_C(0x510000000000)

struct thread {
    struct fan_fiber fiber;
    struct fan_sim_op pending; /* its touches are those below */
    uint32_t ops;
    struct fan_touch touches[FAN_OP_TOUCHES];
    struct fan_sim *sim;
    void (*entry)(void *);
    void *argument;
};

struct object {
    const void *address;
    uint32_t number; /* 0 = the place is free */
};

struct fan_sim {
    struct fan_sim_front front; /* the first: see fan_sim_front */
    struct fan_sim_options options;
    struct fan_stacks stacks;
    struct fan_fiber driver;
    struct fan_strategy strategy;
    enum fan_sim_outcome outcome;
    uint64_t now_ns;
    uint64_t trace_hash;
    uint64_t stuck_hash; /* what it was when nobody could go on; 0 = it has not come to that */
    uint32_t thread_count, previous;
    uint64_t live;                  /* the threads that have not ended */
    uint64_t waiting;               /* of these, those whose operation may not be able to proceed */
    uint64_t held_up;               /* of these, those that cannot, where that was last looked at */
    uint64_t in_doubt;              /* those that it must be looked at again for */
    uint64_t interested[INTERESTS]; /* threads, by the objects that their operations touch */
    uint32_t object_count;
    uint32_t event_count;
    uint32_t choices_in_operation;
    bool blocks_at_end, passes_marks;
    struct fan_schedule *schedule; /* of this run, as it grows */
    struct fan_schedule own_schedule;
    struct thread threads[FAN_SIM_THREADS];
    struct object objects[OBJECTS];
    uint16_t used_objects[OBJECTS]; /* their places, for a quick reset */
    struct fan_sim_event *events;
};

bool fan_ops_dependent(const struct fan_touch *a, uint32_t a_count, const struct fan_touch *b,
                       uint32_t b_count)
{
    for (uint32_t i = 0; i < a_count; i++)
        for (uint32_t j = 0; j < b_count; j++)
            if (fan_touches_conflict(&a[i], &b[j]))
                return true;
    return false;
}

/* ---- making ---- */

struct fan_sim *fan_sim_new(const struct fan_sim_options *options)
{
    struct fan_sim *sim = calloc(1, sizeof *sim);
    if (!sim)
        return NULL;
    sim->options = *options;
    if (!sim->options.step_limit)
        sim->options.step_limit = STEP_LIMIT;
    sim->events = calloc(sim->options.step_limit, sizeof *sim->events);
    if (!sim->events ||
        fan_stacks_init(&sim->stacks, STACKS_AT, options->stack_size, FAN_SIM_THREADS) != 0) {
        free(sim->events);
        free(sim);
        return NULL;
    }
    fan_fiber_adopt(&sim->driver);
    sim->schedule = options->schedule ? options->schedule : &sim->own_schedule;
    return sim;
}

void fan_sim_free(struct fan_sim *sim)
{
    if (!sim)
        return;
    fan_stacks_destroy(&sim->stacks);
    free(sim->events);
    free(sim);
}

void fan_sim_block_at_end(struct fan_sim *sim)
{
    sim->blocks_at_end = true;
}

void fan_sim_pass_marks(struct fan_sim *sim, bool passes)
{
    sim->passes_marks = passes;
}

/* ---- objects ---- */

static uint32_t place_of(const void *address)
{
    return (uint32_t)(((uintptr_t)address * UINT64_C(0x9e3779b97f4a7c15)) >> 52) % OBJECTS;
}

/* The place of an address, or the free one where it would go. */
static struct object *find_object(struct fan_sim *sim, const void *address)
{
    uint32_t place = place_of(address);
    while (sim->objects[place].number && sim->objects[place].address != address)
        place = (place + 1) % OBJECTS;
    return &sim->objects[place];
}

uint32_t fan_sim_object(struct fan_sim *sim, const void *address)
{
    struct object *object = find_object(sim, address);
    if (object->number)
        return object->number;
    if (sim->object_count >= OBJECTS / 2)
        return OVERFLOWED;
    sim->used_objects[sim->object_count++] = (uint16_t)(object - sim->objects);
    *object = (struct object){address, sim->object_count};
    return object->number;
}

/* The place stays taken, by an address that nothing has, so that those after it are still found. */
void fan_sim_forget(struct fan_sim *sim, const void *address)
{
    struct object *object = find_object(sim, address);
    if (object->number)
        object->address = object;
}

/* ---- the trace ---- */

static void note(struct fan_sim *sim, uint64_t what)
{
    uint64_t hash = (sim->trace_hash ^ what) * UINT64_C(0x9e3779b97f4a7c15);
    sim->trace_hash = hash ^ (hash >> 29);
}

/* Whether a choice deviates is as good as random: it is written, and then counts or not. */
static void remember(struct fan_sim *sim, uint32_t thread, uint32_t nth, uint32_t chosen,
                     uint32_t usual)
{
    struct fan_schedule *schedule = sim->schedule;
    if (schedule->count == FAN_SCHEDULE_DEVIATIONS) {
        schedule->overflowed |= chosen != usual;
        return;
    }
    schedule->deviations[schedule->count] =
        (struct fan_deviation){.op = (uint16_t)sim->threads[thread].ops,
                               .thread = (uint8_t)thread,
                               .nth = (uint8_t)nth,
                               .chosen = (uint8_t)chosen};
    schedule->count += chosen != usual;
}

/* ---- choosing ---- */

static void make_current(struct fan_sim *sim, uint32_t thread)
{
    sim->front =
        (struct fan_sim_front){&sim->threads[thread].pending, sim->threads[thread].touches, thread};
}

static _Noreturn void end_run(struct fan_sim *sim, enum fan_sim_outcome outcome)
{
    sim->outcome = outcome;
    fan_fiber_leave(&sim->threads[sim->front.current].fiber, &sim->driver);
}

static bool deadline_has_come(const struct fan_sim *sim, const struct fan_sim_op *op)
{
    return op->deadline_ns && op->deadline_ns <= sim->now_ns;
}

/* Asked of every waiting thread at every step: a branch that depends on the answer would be
 * foreseen wrongly half the time, which costs more than all else here. */
static bool can_proceed(const struct fan_sim *sim, const struct fan_sim_op *op)
{
    return (int)op->ready(op->argument) | (int)deadline_has_come(sim, op);
}

/* Whether a thread can proceed changes only by a step that touches what its operation touches: this
 * is what makes two operations dependent. */
static uint64_t enabled_threads(struct fan_sim *sim)
{
    uint64_t held_up = sim->held_up & sim->waiting;
    for (uint64_t rest = sim->in_doubt & sim->waiting; rest; rest &= rest - 1) {
        uint32_t thread = (uint32_t)__builtin_ctzll(rest);
        uint64_t stays = !can_proceed(sim, &sim->threads[thread].pending);
        held_up = (held_up & ~(UINT64_C(1) << thread)) | stays << thread;
    }
    sim->held_up = held_up;
    sim->in_doubt = 0;
    return sim->live & ~held_up;
}

/* The thread's operation may wait for others; or is over, and theirs may be able to proceed. */
static void begin_interest(struct fan_sim *sim, uint32_t thread)
{
    const struct fan_sim_op *op = &sim->threads[thread].pending;
    for (uint32_t i = 0; i < op->touch_count; i++)
        sim->interested[op->touches[i].object % INTERESTS] |= UINT64_C(1) << thread;
}

static void end_interest(struct fan_sim *sim, uint32_t thread)
{
    const struct fan_sim_op *op = &sim->threads[thread].pending;
    for (uint32_t i = 0; i < op->touch_count; i++) {
        uint64_t *interested = &sim->interested[op->touches[i].object % INTERESTS];
        *interested &= ~(UINT64_C(1) << thread);
        sim->in_doubt |= *interested;
    }
}

static bool jump_to_next_deadline(struct fan_sim *sim)
{
    uint64_t next_ns = 0;
    for (uint64_t rest = sim->waiting; rest; rest &= rest - 1) {
        uint64_t deadline_ns = sim->threads[__builtin_ctzll(rest)].pending.deadline_ns;
        if (deadline_ns && (!next_ns || deadline_ns < next_ns))
            next_ns = deadline_ns;
    }
    if (!next_ns)
        return false;
    sim->now_ns = next_ns;
    sim->in_doubt = sim->waiting;
    return true;
}

uint32_t fan_sim_default(const struct fan_sim *sim, uint64_t enabled)
{
    if (enabled >> sim->previous & 1)
        return sim->previous;
    return (uint32_t)__builtin_ctzll(enabled);
}

/* A thread that is still before a wait which will never end; -1 if there is none. */
static int stuck_outside(const struct fan_sim *sim)
{
    for (uint64_t rest = sim->live; rest; rest &= rest - 1)
        if (sim->threads[__builtin_ctzll(rest)].pending.stage == FAN_STAGE_ARRIVE)
            return __builtin_ctzll(rest);
    return -1;
}

/* Nobody can go on. */
static uint32_t pick_one_to_block(struct fan_sim *sim)
{
    if (!sim->live)
        end_run(sim, FAN_SIM_FINISHED);
    int thread = sim->blocks_at_end ? stuck_outside(sim) : -1;
    if (thread < 0)
        end_run(sim, FAN_SIM_STUCK);
    if (!sim->stuck_hash)
        sim->stuck_hash = sim->trace_hash;
    return (uint32_t)thread;
}

/* Whether the thread that has stopped is before a mark that is no choice. It may have ended. */
static bool is_at_a_passed_mark(const struct fan_sim *sim)
{
    const struct fan_sim_op *op = &sim->threads[sim->previous].pending;
    return sim->passes_marks && (op->kind == FAN_OP_READ || op->kind == FAN_OP_WRITE) &&
           sim->live >> sim->previous & 1;
}

/* Who takes the next step. Does not return if nobody can. */
static uint32_t pick(struct fan_sim *sim, uint64_t *enabled)
{
    if (is_at_a_passed_mark(sim)) {
        *enabled = UINT64_C(1) << sim->previous;
        return sim->previous;
    }
    while (!(*enabled = enabled_threads(sim)))
        if (!jump_to_next_deadline(sim))
            return pick_one_to_block(sim);
    sim->outcome = FAN_SIM_FINISHED;
    uint32_t chosen = sim->strategy.kind->thread(sim->strategy.state, sim, *enabled);
    if (sim->outcome != FAN_SIM_FINISHED)
        end_run(sim, sim->outcome);
    remember(sim, sim->previous, 0, chosen, fan_sim_default(sim, *enabled));
    return chosen;
}

static void take_step(struct fan_sim *sim, uint32_t thread, uint64_t enabled)
{
    const struct fan_sim_op *op = &sim->threads[thread].pending;
    uint32_t object = op->touch_count ? op->touches[0].object : 0;
    if (sim->event_count == sim->options.step_limit)
        end_run(sim, FAN_SIM_ENDLESS);
    struct fan_sim_event *event = &sim->events[sim->event_count++];
    event->thread = (uint8_t)thread;
    event->kind = (uint8_t)op->kind;
    event->stage = (uint8_t)op->stage;
    event->by_time = deadline_has_come(sim, op) && op->ready && !op->ready(op->argument);
    event->object = object;
    event->pc = op->pc;
    event->enabled = enabled;
    end_interest(sim, thread);
    note(sim, (uint64_t)object << 32 | thread << 16 | (uint32_t)op->kind << 8 | op->stage);
}

/* Lets the next thread go on. The calling one has announced what it will do, or has ended. */
static inline void pass_on(struct fan_sim *sim)
{
    uint64_t enabled;
    struct thread *self = &sim->threads[sim->front.current];
    sim->previous = sim->front.current;
    uint32_t next = pick(sim, &enabled);
    take_step(sim, next, enabled);
    make_current(sim, next);
    sim->choices_in_operation = 0;
    if (&sim->threads[next] != self)
        fan_fiber_switch(&self->fiber, &sim->threads[next].fiber);
}

void fan_sim_step(struct fan_sim *sim)
{
    struct thread *self = &sim->threads[sim->front.current];
    uint64_t may_wait = (uint64_t)(self->pending.ready != NULL) << sim->front.current;
    self->ops++;
    sim->waiting = (sim->waiting & ~(UINT64_C(1) << sim->front.current)) | may_wait;
    sim->in_doubt |= may_wait;
    begin_interest(sim, sim->front.current);
    pass_on(sim);
}

void fan_sim_resume(struct fan_sim *sim, bool (*ready)(const void *), const void *argument,
                    uint64_t deadline_ns)
{
    struct thread *self = &sim->threads[sim->front.current];
    self->pending.stage = FAN_STAGE_RESUME;
    self->pending.ready = ready;
    self->pending.argument = argument;
    self->pending.deadline_ns = deadline_ns;
    fan_sim_step(sim);
}

uint32_t fan_sim_choose(struct fan_sim *sim, uint32_t count)
{
    if (count < 2)
        return 0;
    sim->choices_in_operation++;
    uint32_t chosen = sim->strategy.kind->value(sim->strategy.state, sim, count);
    if (sim->outcome != FAN_SIM_FINISHED)
        end_run(sim, sim->outcome);
    remember(sim, sim->front.current, sim->choices_in_operation, chosen, 0);
    note(sim, chosen);
    return chosen;
}

void fan_sim_give_up(struct fan_sim *sim, enum fan_sim_outcome outcome)
{
    sim->outcome = outcome;
}

void fan_sim_fail(struct fan_sim *sim)
{
    end_run(sim, FAN_SIM_FAILED);
}

/* ---- threads ---- */

static void end_thread(struct fan_sim *sim)
{
    uint64_t others = ~(UINT64_C(1) << sim->front.current);
    sim->live &= others;
    sim->waiting &= others;
    pass_on(sim);
}

static void begin_thread(void *argument)
{
    struct thread *self = argument;
    self->entry(self->argument);
    self->ops++;
    end_thread(self->sim);
}

int fan_sim_spawn(struct fan_sim *sim, void (*entry)(void *), void *argument)
{
    if (sim->thread_count == FAN_SIM_THREADS)
        return -1;
    struct thread *thread = &sim->threads[sim->thread_count];
    uint32_t stack;
    if (fan_stacks_get(&sim->stacks, &stack) != 0)
        return -1;
    thread->pending = (struct fan_sim_op){.kind = FAN_OP_NONE, .touches = thread->touches};
    thread->ops = 1;
    sim->live |= UINT64_C(1) << sim->thread_count;
    thread->sim = sim;
    thread->entry = entry;
    thread->argument = argument;
    fan_fiber_init(&thread->fiber, fan_stacks_low(&sim->stacks, stack), sim->stacks.stack_size,
                   begin_thread, thread);
    return (int)sim->thread_count++;
}

/* ---- a run ---- */

static void reset(struct fan_sim *sim)
{
    for (uint32_t i = 0; i < sim->thread_count; i++)
        fan_fiber_destroy(&sim->threads[i].fiber);
    fan_stacks_reset(&sim->stacks);
    for (uint32_t i = 0; i < sim->object_count; i++)
        sim->objects[sim->used_objects[i]].number = 0;
    sim->schedule->count = 0;
    sim->schedule->overflowed = false;
    sim->thread_count = sim->object_count = sim->event_count = 0;
    sim->live = sim->waiting = sim->held_up = sim->in_doubt = 0;
    memset(sim->interested, 0, sizeof sim->interested);
    make_current(sim, 0);
    sim->previous = 0;
    sim->now_ns = 1;
    sim->trace_hash = sim->stuck_hash = 0;
    sim->outcome = FAN_SIM_FINISHED;
}

enum fan_sim_outcome fan_sim_run(struct fan_sim *sim, const struct fan_strategy *strategy,
                                 void (*program)(void *), void *argument)
{
    reset(sim);
    sim->strategy = *strategy;
    strategy->kind->begin(strategy->state, sim);
    if (fan_sim_spawn(sim, program, argument) < 0)
        return FAN_SIM_FAILED;
    fan_fiber_switch(&sim->driver, &sim->threads[0].fiber);
    return sim->outcome;
}

/* ---- looking ---- */

uint64_t fan_sim_now_ns(const struct fan_sim *sim)
{
    return sim->now_ns;
}

uint32_t fan_sim_thread_count(const struct fan_sim *sim)
{
    return sim->thread_count;
}

bool fan_sim_thread_ended(const struct fan_sim *sim, uint32_t thread)
{
    return !(sim->live >> thread & 1);
}

uint32_t fan_sim_thread_ops(const struct fan_sim *sim, uint32_t thread)
{
    return sim->threads[thread].ops;
}

const struct fan_sim_op *fan_sim_pending(const struct fan_sim *sim, uint32_t thread)
{
    return &sim->threads[thread].pending;
}

const void *fan_sim_address(const struct fan_sim *sim, uint32_t number)
{
    if (number == 0 || number > sim->object_count)
        return NULL;
    const struct object *object = &sim->objects[sim->used_objects[number - 1]];
    return object->address == object ? NULL : object->address;
}

uint32_t fan_sim_previous(const struct fan_sim *sim)
{
    return sim->previous;
}

size_t fan_sim_event_count(const struct fan_sim *sim)
{
    return sim->event_count;
}

const struct fan_sim_event *fan_sim_events(const struct fan_sim *sim)
{
    return sim->events;
}

enum fan_sim_outcome fan_sim_outcome(const struct fan_sim *sim)
{
    return sim->outcome;
}

const struct fan_schedule *fan_sim_schedule(const struct fan_sim *sim)
{
    return sim->schedule;
}

uint32_t fan_sim_choices_in_operation(const struct fan_sim *sim)
{
    return sim->choices_in_operation;
}

uint64_t fan_sim_trace_hash(const struct fan_sim *sim)
{
    return sim->stuck_hash ? sim->stuck_hash : sim->trace_hash;
}
