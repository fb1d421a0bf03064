/* No locks: it is used from within a strategy, on the scheduler's one thread. */
#include "sim/trace.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static uint64_t bit(uint32_t thread)
{
    return UINT64_C(1) << thread;
}

static bool at_both_ends(const struct fan_touch *a, const struct fan_touch *b)
{
    return (a->mode == FAN_TOUCH_PUT && b->mode == FAN_TOUCH_TAKE) ||
           (a->mode == FAN_TOUCH_TAKE && b->mode == FAN_TOUCH_PUT);
}

/* Whether the one makes the other possible: an element, or room for one. */
static bool makes_way_at_an_end(const struct fan_trace_op *a, const struct fan_trace_op *b)
{
    uint64_t apart = a->passed - b->passed;
    return apart == 0 || apart == a->capacity || apart == -a->capacity;
}

/* Whether the one is an add that the other waits for: without it the count would not be at its end,
 * for the other adds that need not come after it were all still wanted as well. */
static bool is_waited_for(const struct fan_trace_op *add, uint32_t nth,
                          const struct fan_trace_op *wait, uint32_t where)
{
    return wait->waits && add->touches[nth].mode == FAN_TOUCH_ADD &&
           wait->touches[where].mode == FAN_TOUCH_READ;
}

enum whence {
    BY_NOTHING,
    BY_MAKING_WAY,
    BY_CONFLICT,
};

static enum whence dependence(const struct fan_trace_op *a, const struct fan_trace_op *b)
{
    enum whence found = a->may_resume & b->may_resume ? BY_CONFLICT : BY_NOTHING;
    for (uint32_t i = 0; i < a->touch_count && found != BY_CONFLICT; i++)
        for (uint32_t j = 0; j < b->touch_count && found != BY_CONFLICT; j++) {
            if (!fan_touches_conflict(&a->touches[i], &b->touches[j]))
                continue;
            if (is_waited_for(a, i, b, j) || is_waited_for(b, j, a, i))
                found = BY_MAKING_WAY;
            else if (!at_both_ends(&a->touches[i], &b->touches[j]))
                found = BY_CONFLICT;
            else if (makes_way_at_an_end(a, b))
                found = BY_MAKING_WAY;
        }
    return found;
}

bool fan_trace_dependent(const struct fan_trace_op *a, const struct fan_trace_op *b)
{
    return dependence(a, b) != BY_NOTHING;
}

/* Whether nothing but that makes one possible after the other. With a context there is another way
 * to go on. */
static bool has_made_way(const struct fan_trace_op *step, const struct fan_trace_op *op)
{
    return step->touch_count == 1 && op->touch_count == 1 && dependence(step, op) == BY_MAKING_WAY;
}

/* What no relation calls dependent, told quickly. */
static bool have_nothing_in_common(const struct fan_trace_op *a, const struct fan_trace_op *b)
{
    return ((a->objects & b->objects) | (a->may_resume & b->may_resume)) == 0;
}

/* ---- room ---- */

static int reserve(size_t bytes, void **memory)
{
    void *got = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (got == MAP_FAILED)
        return ENOMEM;
    *memory = got;
    return 0;
}

static size_t touches_size(const struct fan_trace *trace)
{
    return (size_t)trace->limit * FAN_OP_TOUCHES * sizeof *trace->touches;
}

int fan_trace_init(struct fan_trace *trace, uint32_t limit)
{
    void *steps, *touches;
    memset(trace, 0, sizeof *trace);
    trace->dependent = fan_trace_dependent;
    trace->limit = limit;
    if (reserve(limit * sizeof *trace->steps, &steps) != 0)
        return ENOMEM;
    if (reserve(touches_size(trace), &touches) != 0) {
        munmap(steps, limit * sizeof *trace->steps);
        return ENOMEM;
    }
    trace->steps = steps;
    trace->touches = touches;
    return 0;
}

void fan_trace_destroy(struct fan_trace *trace)
{
    if (!trace->steps)
        return;
    munmap(trace->steps, trace->limit * sizeof *trace->steps);
    munmap(trace->touches, touches_size(trace));
}

/* ---- threads ---- */

void fan_trace_begin(struct fan_trace *trace)
{
    trace->count = trace->threads = 0;
    trace->now_ns = 0;
    fan_clock_clear(&trace->jump, FAN_CLOCK_THREADS);
}

void fan_trace_note_spawned(struct fan_trace *trace, const struct fan_sim *sim)
{
    uint32_t threads = fan_sim_thread_count(sim);
    while (trace->threads < threads)
        trace->last[trace->threads++] = (int64_t)trace->count - 1;
}

/* ---- what is about to happen ---- */

static uint64_t objects_of(const struct fan_trace_pending *pending)
{
    uint64_t objects = 0;
    for (uint32_t i = 0; i < pending->op.touch_count; i++)
        objects |= UINT64_C(1) << (pending->touches[i].object & 63);
    return objects;
}

static void look_at(struct fan_trace *trace, const struct fan_sim *sim, uint32_t thread)
{
    const struct fan_sim_op *op = fan_sim_pending(sim, thread);
    struct fan_trace_pending *pending = &trace->pending[thread];
    pending->op = (struct fan_trace_op){.thread = thread, .kind = op->kind, .stage = op->stage};
    if (fan_sim_thread_ended(sim, thread))
        return;
    pending->op.waits = op->ready != NULL;
    pending->op.touch_count = op->touch_count;
    if (op->touch_count > 0 && op->touches[0].mode >= FAN_TOUCH_PUT) {
        pending->op.passed = *op->passed;
        pending->op.capacity = op->capacity;
    }
    pending->op.touches = pending->touches;
    memcpy(pending->touches, op->touches, op->touch_count * sizeof op->touches[0]);
    for (uint32_t i = 0; trace->adds_conflict && i < op->touch_count; i++)
        if (pending->touches[i].mode == FAN_TOUCH_ADD)
            pending->touches[i].mode = FAN_TOUCH_WRITE;
    pending->op.objects = objects_of(pending);
}

static void note_waiting(struct fan_trace *trace, const struct fan_trace_op *waiting)
{
    for (uint32_t i = 0; i < trace->threads; i++) {
        struct fan_trace_op *op = &trace->pending[i].op;
        if (i != waiting->thread && op->objects & waiting->objects &&
            fan_ops_dependent(op->touches, op->touch_count, waiting->touches, waiting->touch_count))
            op->may_resume |= bit(waiting->thread);
    }
}

void fan_trace_look(struct fan_trace *trace, const struct fan_sim *sim)
{
    for (uint32_t i = 0; i < trace->threads; i++)
        look_at(trace, sim, i);
    for (uint32_t i = 0; i < trace->threads; i++)
        if (trace->pending[i].op.stage == FAN_STAGE_RESUME && trace->pending[i].op.objects)
            note_waiting(trace, &trace->pending[i].op);
}

uint64_t fan_trace_dependent_threads(const struct fan_trace *trace, fan_trace_relation *dependent,
                                     uint32_t thread)
{
    const struct fan_trace_op *op = &trace->pending[thread].op;
    uint64_t found = 0;
    for (uint32_t i = 0; i < trace->threads; i++) {
        const struct fan_trace_op *other = &trace->pending[i].op;
        if (i != thread && !have_nothing_in_common(op, other) && dependent(op, other))
            found |= bit(i);
    }
    return found;
}

/* ---- what has happened ---- */

static bool happened_before(const struct fan_trace_step *step, const struct fan_clock *clock)
{
    uint32_t thread = step->op.thread;
    return step->clock.times[thread] <= clock->times[thread];
}

/* What the thread knows before its next step. */
static void begin_clock(const struct fan_trace *trace, uint32_t thread, struct fan_clock *clock)
{
    fan_clock_copy(clock, &trace->jump, trace->threads);
    if (trace->last[thread] >= 0)
        fan_clock_join(clock, &trace->steps[trace->last[thread]].clock, trace->threads);
}

static void learn_everything(const struct fan_trace *trace, struct fan_clock *clock)
{
    for (uint32_t i = 0; i < trace->threads; i++)
        if (trace->last[i] >= 0)
            fan_clock_join(clock, &trace->steps[trace->last[i]].clock, trace->threads);
}

static void learn_what_it_depends_on(const struct fan_trace *trace, const struct fan_trace_op *op,
                                     struct fan_clock *clock)
{
    for (uint32_t i = trace->count; i-- > 0;) {
        const struct fan_trace_step *step = &trace->steps[i];
        if (!have_nothing_in_common(&step->op, op) && !happened_before(step, clock) &&
            trace->dependent(&step->op, op))
            fan_clock_join(clock, &step->clock, trace->threads);
    }
}

/* After a step in which time has jumped. */
static void remember_jump(struct fan_trace *trace, const struct fan_trace_step *step)
{
    fan_clock_copy(&trace->jump, &step->clock, trace->threads);
    trace->jump.times[step->op.thread]--;
}

static void append(struct fan_trace *trace, const struct fan_sim *sim)
{
    const struct fan_trace_step *step = &trace->steps[trace->count];
    if (step->after_jump)
        remember_jump(trace, step);
    trace->now_ns = fan_sim_now_ns(sim);
    trace->last[step->op.thread] = trace->count++;
}

void fan_trace_repeat(struct fan_trace *trace, const struct fan_sim *sim)
{
    append(trace, sim);
}

static struct fan_touch *room_for_touches(const struct fan_trace *trace)
{
    if (trace->count == 0)
        return trace->touches;
    const struct fan_trace_op *last = &trace->steps[trace->count - 1].op;
    return (struct fan_touch *)last->touches + last->touch_count;
}

bool fan_trace_has_jumped(const struct fan_trace *trace, const struct fan_sim *sim)
{
    return trace->count > 0 && trace->now_ns != fan_sim_now_ns(sim);
}

void fan_trace_take(struct fan_trace *trace, const struct fan_sim *sim, uint32_t thread,
                    uint64_t enabled)
{
    struct fan_trace_step *step = &trace->steps[trace->count];
    struct fan_touch *touches = room_for_touches(trace);
    step->op = trace->pending[thread].op;
    memcpy(touches, step->op.touches, step->op.touch_count * sizeof *touches);
    step->op.touches = touches;
    step->enabled = enabled;
    step->after_jump = fan_trace_has_jumped(trace, sim);
    fan_clock_clear(&step->clock, FAN_CLOCK_THREADS);
    begin_clock(trace, thread, &step->clock);
    if (step->after_jump)
        learn_everything(trace, &step->clock);
    learn_what_it_depends_on(trace, &step->op, &step->clock);
    step->clock.times[thread]++;
    append(trace, sim);
}

/* ---- races ---- */

/* The steps after `at` that need not come after it, and for each thread the first of them. */
static uint64_t first_steps_beside(const struct fan_trace *trace, uint32_t at,
                                   const struct fan_trace_step *first[FAN_SIM_THREADS])
{
    uint64_t threads = 0;
    for (uint32_t i = at + 1; i < trace->count; i++) {
        const struct fan_trace_step *step = &trace->steps[i];
        if (threads & bit(step->op.thread) || happened_before(&trace->steps[at], &step->clock))
            continue;
        first[step->op.thread] = step;
        threads |= bit(step->op.thread);
    }
    return threads;
}

static bool comes_after_another(const struct fan_trace_step *step, uint64_t threads,
                                const struct fan_trace_step *const first[FAN_SIM_THREADS])
{
    for (uint64_t left = threads & ~bit(step->op.thread); left; left &= left - 1)
        if (happened_before(first[__builtin_ctzll(left)], &step->clock))
            return true;
    return false;
}

/* The initials of Abdulla, Aronis, Jonsson and Sagonas, "Optimal dynamic partial order reduction",
 * POPL 2014: who could go first in the place of step `at`, if all that need not come after it came
 * before it, and behind that the pending operation of `thread`, which knows of `clock`. */
static uint64_t initials(const struct fan_trace *trace, uint32_t at, uint32_t thread,
                         const struct fan_clock *clock)
{
    const struct fan_trace_step *first[FAN_SIM_THREADS];
    struct fan_trace_step pending = {.op.thread = thread};
    uint64_t threads = first_steps_beside(trace, at, first), found = 0;
    fan_clock_copy(&pending.clock, clock, trace->threads);
    if (!(threads & bit(thread)) && !comes_after_another(&pending, threads, first))
        found = bit(thread);
    for (uint64_t left = threads; left; left &= left - 1) {
        uint32_t other = (uint32_t)__builtin_ctzll(left);
        if (!comes_after_another(first[other], threads, first))
            found |= bit(other);
    }
    return found & trace->steps[at].enabled;
}

/* A step without which the operation could not proceed is no race. But what came before it may be
 * one: who waits for a lock could have had it before the last owner took it. */
void fan_trace_races(const struct fan_trace *trace, uint32_t thread,
                     void (*race)(void *argument, uint32_t step, uint64_t first), void *argument)
{
    struct fan_clock clock;
    const struct fan_trace_op *op = &trace->pending[thread].op;
    begin_clock(trace, thread, &clock);
    for (uint32_t i = trace->count; i-- > 0;) {
        const struct fan_trace_step *step = &trace->steps[i];
        if (step->op.thread == thread || have_nothing_in_common(&step->op, op) ||
            happened_before(step, &clock) || !trace->dependent(&step->op, op))
            continue;
        uint64_t first = has_made_way(&step->op, op) ? 0 : initials(trace, i, thread, &clock);
        if (!first)
            continue;
        race(argument, i, first);
        fan_clock_join(&clock, &step->clock, trace->threads);
    }
}
