/* One scheduler, one arena and one recorder: they serve one run after the other. */
#include "tests/support/sight.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "base/probe.h"
#include "run/sim_backend.h"
#include "run/thread.h"
#include "run/thread_state.h"
#include "tests/support/run_memory.h"

/* ---- what a run was, by the definition ---- */

struct step {
    uint32_t thread, nth;
    uint32_t touch_count;
    struct fan_touch touches[FAN_OP_TOUCHES];
    uint64_t passed, capacity;
    uint64_t meets; /* waiting threads that it may meet */
    uint64_t values;
    uint64_t before; /* the steps that come before it */
    bool after_jump;
};

struct recorder {
    struct fan_strategy inner;
    uint32_t count;
    uint64_t now_ns;
    uint32_t spawned_by[FAN_SIM_THREADS]; /* step + 1 */
    uint32_t threads;
    struct step steps[SIGHT_STEPS];
};

static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t hash = (a + 0x9e37) * UINT64_C(0x9e3779b97f4a7c15) ^ b * UINT64_C(0xd6e8feb86659fd93);
    hash = (hash ^ hash >> 31) * UINT64_C(0xbf58476d1ce4e5b9);
    return hash ^ hash >> 28;
}

static bool ops_conflict(const struct fan_sim_op *a, const struct fan_sim_op *b)
{
    return fan_ops_dependent(a->touches, a->touch_count, b->touches, b->touch_count);
}

static uint64_t waiting_that_it_meets(const struct fan_sim *sim, uint32_t thread)
{
    uint64_t meets = 0;
    for (uint32_t i = 0; i < fan_sim_thread_count(sim); i++)
        if (i != thread && !fan_sim_thread_ended(sim, i) &&
            fan_sim_pending(sim, i)->stage == FAN_STAGE_RESUME &&
            ops_conflict(fan_sim_pending(sim, i), fan_sim_pending(sim, thread)))
            meets |= UINT64_C(1) << i;
    return meets;
}

static bool steps_conflict(const struct step *a, const struct step *b)
{
    for (uint32_t i = 0; i < a->touch_count; i++)
        for (uint32_t j = 0; j < b->touch_count; j++) {
            if (!fan_touches_conflict(&a->touches[i], &b->touches[j]))
                continue;
            uint32_t modes = 1u << a->touches[i].mode | 1u << b->touches[j].mode;
            if (modes != (1u << FAN_TOUCH_PUT | 1u << FAN_TOUCH_TAKE))
                return true;
            if (a->passed == b->passed || a->passed == b->passed + a->capacity ||
                b->passed == a->passed + a->capacity)
                return true;
        }
    return false;
}

static bool comes_directly_before(const struct recorder *recorder, uint32_t i, uint32_t j)
{
    const struct step *a = &recorder->steps[i], *b = &recorder->steps[j];
    for (uint32_t k = i + 1; k <= j; k++)
        if (recorder->steps[k].after_jump)
            return true;
    return a->thread == b->thread || (b->nth == 0 && recorder->spawned_by[b->thread] == i + 1) ||
           (a->meets & b->meets) != 0 || steps_conflict(a, b);
}

static void record_step(struct recorder *recorder, const struct fan_sim *sim, uint32_t thread)
{
    uint32_t at = recorder->count++;
    struct step *step = &recorder->steps[at];
    const struct fan_sim_op *op = fan_sim_pending(sim, thread);
    for (; recorder->threads < fan_sim_thread_count(sim); recorder->threads++)
        recorder->spawned_by[recorder->threads] = at;
    *step = (struct step){.thread = thread, .touch_count = op->touch_count};
    memcpy(step->touches, op->touches, op->touch_count * sizeof op->touches[0]);
    step->passed = op->passed ? *op->passed : 0;
    step->capacity = op->capacity;
    step->meets = waiting_that_it_meets(sim, thread);
    step->after_jump = at > 0 && recorder->now_ns != fan_sim_now_ns(sim);
    recorder->now_ns = fan_sim_now_ns(sim);
    for (uint32_t i = 0; i < at; i++)
        step->nth += recorder->steps[i].thread == thread;
    for (uint32_t i = 0; i < at; i++)
        if (comes_directly_before(recorder, i, at))
            step->before |= UINT64_C(1) << i | recorder->steps[i].before;
}

static uint64_t name_of(const struct step *step)
{
    return mix(step->thread, step->nth);
}

static uint64_t class_of(const struct recorder *recorder)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < recorder->count; i++) {
        const struct step *step = &recorder->steps[i];
        uint64_t before = 0;
        for (uint32_t j = 0; j < i; j++)
            if (step->before >> j & 1)
                before += mix(name_of(&recorder->steps[j]), 7);
        sum += mix(mix(name_of(step), step->values), before);
    }
    return sum;
}

static void recorder_begin(void *state, struct fan_sim *sim)
{
    struct recorder *recorder = state;
    recorder->count = recorder->threads = 0;
    recorder->inner.kind->begin(recorder->inner.state, sim);
}

static uint32_t recorder_thread(void *state, struct fan_sim *sim, uint64_t enabled)
{
    struct recorder *recorder = state;
    uint32_t chosen = recorder->inner.kind->thread(recorder->inner.state, sim, enabled);
    if (fan_sim_outcome(sim) != FAN_SIM_FINISHED)
        return chosen;
    if (recorder->count == SIGHT_STEPS)
        abort();
    record_step(recorder, sim, chosen);
    return chosen;
}

static uint32_t recorder_value(void *state, struct fan_sim *sim, uint32_t count)
{
    struct recorder *recorder = state;
    uint32_t chosen = recorder->inner.kind->value(recorder->inner.state, sim, count);
    struct step *step = &recorder->steps[recorder->count - 1];
    step->values = mix(step->values, chosen);
    return chosen;
}

static bool recorder_end(void *state, struct fan_sim *sim)
{
    struct recorder *recorder = state;
    return recorder->inner.kind->end(recorder->inner.state, sim);
}

static const struct fan_strategy_kind recording = {
    .name = "recording",
    .begin = recorder_begin,
    .thread = recorder_thread,
    .value = recorder_value,
    .end = recorder_end,
};

/* ---- what an exploration has seen ---- */

enum { ROOM = 1 << 16 };

struct seen {
    uint64_t class; /* of a failure: its place */
    uint64_t values;
    bool failed, used;
};

struct sight {
    uint32_t count, runs;
    bool ambiguous; /* one class, two results */
    bool raced;
    struct seen places[ROOM];
    uint32_t used[ROOM];
};

void sight_forget(struct sight *sight)
{
    for (uint32_t i = 0; i < sight->count; i++)
        sight->places[sight->used[i]].used = false;
    sight->count = sight->runs = 0;
    sight->ambiguous = sight->raced = false;
}

static struct seen *place_for(struct sight *sight, uint64_t class, bool failed)
{
    uint32_t at = (uint32_t)(class >> 7) % ROOM;
    while (sight->places[at].used &&
           (sight->places[at].class != class || sight->places[at].failed != failed))
        at = (at + 1) % ROOM;
    return &sight->places[at];
}

static void see(struct sight *sight, uint64_t class, uint64_t values, bool failed)
{
    struct seen *seen = place_for(sight, class, failed);
    if (seen->used) {
        sight->ambiguous |= seen->values != values;
        return;
    }
    *seen = (struct seen){.class = class, .values = values, .failed = failed, .used = true};
    sight->used[sight->count++] = (uint32_t)(seen - sight->places);
}

static bool holds_all_of(struct sight *sight, const struct sight *other)
{
    for (uint32_t i = 0; i < other->count; i++) {
        const struct seen *seen = &other->places[other->used[i]];
        const struct seen *here = place_for(sight, seen->class, seen->failed);
        if (!here->used || here->values != seen->values)
            return false;
    }
    return true;
}

bool sight_same(struct sight *a, struct sight *b)
{
    return a->count == b->count && holds_all_of(a, b);
}

static bool has_result(const struct sight *sight, const struct seen *wanted)
{
    for (uint32_t i = 0; i < sight->count; i++) {
        const struct seen *seen = &sight->places[sight->used[i]];
        if (seen->failed == wanted->failed && seen->values == wanted->values &&
            (!seen->failed || seen->class == wanted->class))
            return true;
    }
    return false;
}

static bool has_results_of(const struct sight *sight, const struct sight *other)
{
    for (uint32_t i = 0; i < other->count; i++)
        if (!has_result(sight, &other->places[other->used[i]]))
            return false;
    return true;
}

bool sight_same_results(const struct sight *a, const struct sight *b)
{
    return has_results_of(a, b) && has_results_of(b, a);
}

/* ---- exploring ---- */

struct explored {
    const struct small *program;
    struct small_log log;
    struct recorder recorder;
    uint64_t panic_place;
    struct fan_sim_watch *watch; /* NULL = not watched */
    bool raced;
};

static struct fan_sim *sim;
static struct explored explored;

static void take_panic(void *observer, const struct fan_panic *panic)
{
    (void)observer;
    explored.panic_place = mix(panic->kind, fan_sim_current(sim));
    for (uint32_t i = 0; i < panic->stack.depth && i < 4; i++)
        explored.panic_place = mix(explored.panic_place, panic->stack.frames[i]);
    fan_sim_fail(sim);
}

static void take_notice(void *observer, const struct fan_notice *notice)
{
    (void)observer;
    explored.raced |= notice->kind == FAN_NOTICE_RACE;
}

static void program(void *argument)
{
    (void)argument;
    small_run(explored.program, &explored.log);
    fan_thread_retire();
}

static uint64_t result_of(enum fan_sim_outcome outcome)
{
    uint64_t hash = outcome;
    for (uint32_t i = 0; i < SMALL_THREADS; i++) {
        hash = mix(hash, explored.log.counts[i]);
        for (uint32_t j = 0; j < explored.log.counts[i] && j < SMALL_LOG; j++)
            hash = mix(hash, explored.log.values[i][j]);
    }
    for (uint32_t i = 0; i < fan_sim_thread_count(sim); i++)
        hash = mix(hash, fan_sim_thread_ended(sim, i));
    return hash;
}

enum fan_sim_outcome sight_run_plainly(const struct fan_strategy *strategy, void (*run)(void *))
{
    fan_thread_current = NULL;
    run_memory_begin();
    enum fan_sim_outcome outcome = fan_sim_run(sim, strategy, run, NULL);
    run_memory_end();
    fan_thread_current = NULL;
    return outcome;
}

void sight_run(struct sight *sight, const struct small *one, const struct fan_strategy *strategy)
{
    explored.program = one;
    explored.recorder.inner = *strategy;
    memset(&explored.log, 0, sizeof explored.log);
    explored.raced = false;
    fan_sim_watch_begin(explored.watch, sim);
    enum fan_sim_outcome outcome =
        sight_run_plainly(&(struct fan_strategy){&recording, &explored.recorder}, program);
    sight->runs++;
    sight->raced |= explored.raced;
    if (outcome == FAN_SIM_FAILED)
        see(sight, explored.panic_place, 0, true);
    else if (outcome == FAN_SIM_FINISHED || outcome == FAN_SIM_STUCK)
        see(sight, class_of(&explored.recorder), result_of(outcome), false);
    else
        ck_assert_int_eq(outcome, FAN_SIM_ABANDONED);
}

/* ---- looking ---- */

struct sight *sight_new(void)
{
    struct sight *sight = calloc(1, sizeof *sight);
    ck_assert_ptr_nonnull(sight);
    return sight;
}

uint32_t sight_runs(const struct sight *sight)
{
    return sight->runs;
}

bool sight_is_ambiguous(const struct sight *sight)
{
    return sight->ambiguous;
}

void sight_watch(struct fan_sim_watch *watch)
{
    explored.watch = watch;
    fan_sim_watch_begin(watch, sim);
}

bool sight_raced(const struct sight *sight)
{
    return sight->raced;
}

uint32_t sight_failures(const struct sight *sight)
{
    uint32_t failures = 0;
    for (uint32_t i = 0; i < sight->count; i++)
        failures += sight->places[sight->used[i]].failed;
    return failures;
}

uint32_t sight_classes(const struct sight *sight)
{
    return sight->count - sight_failures(sight);
}

void sight_add(struct sight *sight, const struct sight *other)
{
    for (uint32_t i = 0; i < other->count; i++) {
        const struct seen *seen = &other->places[other->used[i]];
        see(sight, seen->class, seen->values, seen->failed);
    }
    sight->runs += other->runs;
    sight->ambiguous |= other->ambiguous;
    sight->raced |= other->raced;
}

/* ---- the process ---- */

struct fan_sim *sight_begin(void)
{
    static struct fan_probe_tables no_tables = {.panicked = take_panic, .noticed = take_notice};
    run_memory_init();
    sim = fan_sim_new(&(struct fan_sim_options){.step_limit = SIGHT_STEPS});
    ck_assert_ptr_nonnull(sim);
    fan_sim_backend_use(sim, FAN_GRAIN_COARSE);
    fan_probe_install(&no_tables);
    return sim;
}

void sight_end(struct fan_sim *of)
{
    fan_probe_install(NULL);
    fan_sim_free(of);
    run_memory_destroy();
}
