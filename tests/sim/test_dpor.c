/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* What the reduction leaves out must not be missed: random small programs are explored in every
 * order, and by dpor, and both must see the same.
 *
 * The classes are worked out here a second time and without economy, from the touches of every
 * step. Then parts of the dependence are taken away from dpor, one after the other, and the two
 * must differ: so each part is one that these programs would catch it without. */
#include "base/panic.h"
#include "base/probe.h"
#include "run/mutex.h"
#include "run/sim_backend.h"
#include "run/thread.h"
#include "run/thread_state.h"
#include "sim/arena.h"
#include "sim/dpor.h"
#include "sim/sim.h"

#include "tests/support/orders.h"
#include "tests/support/small.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a run's memory, thrown away before the next ---- */

static struct fan_arena arena;
static bool running;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *block);

static void *from_arena(size_t alignment, size_t size)
{
    void *block;
    if (fan_arena_alloc(&arena, alignment, size, &block) != FAN_ARENA_FINE)
        abort();
    return block;
}

void *__wrap_malloc(size_t size)
{
    return running ? from_arena(FAN_ARENA_ALIGNMENT, size) : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return running ? from_arena(FAN_ARENA_ALIGNMENT, count * size) : __real_calloc(count, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return running ? from_arena(alignment, size) : __real_aligned_alloc(alignment, size);
}

void __wrap_free(void *block)
{
    if (!fan_arena_holds(&arena, (uintptr_t)block))
        __real_free(block);
}

enum { STEPS = 64 }; /* of a run; more than any of the programs takes */

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
    struct step steps[STEPS];
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
    if (recorder->count == STEPS)
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
    struct seen places[ROOM];
    uint32_t used[ROOM];
};

static void forget_sight(struct sight *sight)
{
    for (uint32_t i = 0; i < sight->count; i++)
        sight->places[sight->used[i]].used = false;
    sight->count = sight->runs = 0;
    sight->ambiguous = false;
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

static bool see_the_same(struct sight *a, struct sight *b)
{
    return a->count == b->count && holds_all_of(a, b);
}

/* ---- exploring ---- */

struct explored {
    const struct small *program;
    struct small_log log;
    struct recorder recorder;
    uint64_t panic_place;
};

static struct fan_sim *sim;
static struct explored explored;
static struct sight by_dfs, by_dpor;

static void take_panic(void *observer, const struct fan_panic *panic)
{
    (void)observer;
    explored.panic_place = mix(panic->kind, fan_sim_current(sim));
    for (uint32_t i = 0; i < panic->stack.depth && i < 4; i++)
        explored.panic_place = mix(explored.panic_place, panic->stack.frames[i]);
    fan_sim_fail(sim);
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

static void run_once(struct sight *sight)
{
    struct fan_strategy strategy = {&recording, &explored.recorder};
    fan_arena_reset(&arena);
    memset(&explored.log, 0, sizeof explored.log);
    fan_thread_current = NULL;
    running = true;
    enum fan_sim_outcome outcome = fan_sim_run(sim, &strategy, program, NULL);
    running = false;
    fan_thread_current = NULL;
    sight->runs++;
    if (outcome == FAN_SIM_FAILED)
        see(sight, explored.panic_place, 0, true);
    else if (outcome == FAN_SIM_FINISHED || outcome == FAN_SIM_STUCK)
        see(sight, class_of(&explored.recorder), result_of(outcome), false);
    else
        ck_assert_int_eq(outcome, FAN_SIM_ABANDONED);
}

/* Returns whether it has come to its end within so many runs. */
static bool explore(const struct small *one, const struct fan_strategy *strategy, uint32_t runs,
                    struct sight *sight)
{
    forget_sight(sight);
    explored.program = one;
    explored.recorder.inner = *strategy;
    do
        if (runs-- == 0)
            return false;
        else
            run_once(sight);
    while (strategy->kind->end(strategy->state, sim));
    return true;
}

static bool explore_every_order(const struct small *one, uint32_t runs)
{
    static struct orders orders;
    orders.depth = 0;
    return explore(one, &(struct fan_strategy){&orders_strategy, &orders}, runs, &by_dfs);
}

static bool explore_reduced(const struct small *one, const struct fan_dpor_options *options,
                            uint32_t runs, struct fan_dpor_report *report)
{
    struct fan_dpor *dpor = fan_dpor_new(options);
    ck_assert_ptr_nonnull(dpor);
    bool ended = explore(one, &(struct fan_strategy){&fan_strategy_dpor, dpor}, runs, &by_dpor);
    *report = *fan_dpor_report(dpor);
    fan_dpor_free(dpor);
    return ended;
}

/* ---- holding one against the other ---- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { PROGRAMS = 500 };
#else
enum { PROGRAMS = 4000 };
#endif

enum {
    MOST_RUNS = 3000, /* of a program in every order; those with more are left out */
    MANY_RUNS = 100 * MOST_RUNS,
    PROGRAMS_WITH_ERROR = 4000,
};

struct tally {
    uint32_t programs, stuck, failing, reduced;
};

static uint32_t count_failures(const struct sight *sight)
{
    uint32_t failures = 0;
    for (uint32_t i = 0; i < sight->count; i++)
        failures += sight->places[sight->used[i]].failed;
    return failures;
}

/* False if the two saw different things. */
static bool agrees(const struct small *one, const struct fan_dpor_options *options,
                   struct tally *tally)
{
    struct fan_dpor_report report;
    if (!explore_every_order(one, MOST_RUNS))
        return true;
    bool agree =
        explore_reduced(one, options, MANY_RUNS, &report) && report.complete && !by_dfs.ambiguous &&
        !by_dpor.ambiguous && see_the_same(&by_dfs, &by_dpor) &&
        (report.adds_conflict || report.classes == by_dfs.count - count_failures(&by_dfs)) &&
        report.finished + report.stuck == report.classes;
    tally->programs++;
    tally->stuck += report.stuck > 0;
    tally->failing += report.failed > 0;
    tally->reduced += by_dpor.runs < by_dfs.runs;
    return agree;
}

static void show_difference(const struct small *one, uint64_t seed)
{
    printf("seed %llu: %u in %u runs of every order, %u in %u reduced; ambiguous: %d %d\n",
           (unsigned long long)seed, by_dfs.count, by_dfs.runs, by_dpor.count, by_dpor.runs,
           by_dfs.ambiguous, by_dpor.ambiguous);
    small_print(one);
    fflush(stdout);
}

/* The first seed whose program is seen differently, 0 if there is none. */
static uint64_t first_difference(const struct fan_dpor_options *options, uint64_t programs,
                                 struct tally *tally)
{
    for (uint64_t seed = 1; seed <= programs; seed++) {
        struct small one;
        small_generate(&one, seed);
        if (agrees(&one, options, tally))
            continue;
        if (!options)
            show_difference(&one, seed);
        return seed;
    }
    return 0;
}

static void set_up(void)
{
    static struct fan_probe_tables no_tables = {.panicked = take_panic};
    ck_assert_int_eq(fan_arena_init(&arena, 0, 1 << 20), 0);
    sim = fan_sim_new(&(struct fan_sim_options){.step_limit = STEPS});
    ck_assert_ptr_nonnull(sim);
    fan_sim_backend_use(sim, FAN_GRAIN_COARSE);
    fan_probe_install(&no_tables);
}

static void tear_down(void)
{
    fan_probe_install(NULL);
    fan_sim_free(sim);
    fan_arena_destroy(&arena);
}

START_TEST(it_sees_every_class_once_and_every_failure)
{
    const char *more = getenv("FAN_DPOR_PROGRAMS");
    struct tally tally = {0};
    uint64_t programs = more ? strtoull(more, NULL, 10) : PROGRAMS;
    ck_assert_uint_eq(first_difference(NULL, programs, &tally), 0);
    ck_assert_uint_gt(tally.programs, programs / 2);
    ck_assert_uint_gt(tally.reduced, programs / 4);
    ck_assert_uint_gt(tally.stuck, programs / 20);
    ck_assert_uint_gt(tally.failing, programs / 20);
}
END_TEST

/* ---- planted errors ---- */

static bool writes_commute(const struct fan_trace_op *a, const struct fan_trace_op *b)
{
    for (uint32_t i = 0; i < a->touch_count; i++)
        for (uint32_t j = 0; j < b->touch_count; j++)
            if (fan_touches_conflict(&a->touches[i], &b->touches[j]) &&
                a->touches[i].mode != b->touches[j].mode)
                return true;
    return false;
}

static bool send_and_receive_commute(const struct fan_trace_op *a, const struct fan_trace_op *b)
{
    bool meet = (a->kind == FAN_OP_SEND && b->kind == FAN_OP_RECV) ||
                (a->kind == FAN_OP_RECV && b->kind == FAN_OP_SEND);
    return !meet && fan_trace_dependent(a, b);
}

static bool resuming_touches_nothing(const struct fan_trace_op *a, const struct fan_trace_op *b)
{
    return a->stage != FAN_STAGE_RESUME && b->stage != FAN_STAGE_RESUME &&
           fan_trace_dependent(a, b);
}

static bool callers_of_one_waiter_commute(const struct fan_trace_op *a,
                                          const struct fan_trace_op *b)
{
    return fan_ops_dependent(a->touches, a->touch_count, b->touches, b->touch_count);
}

static bool never(const struct fan_trace_op *a, const struct fan_trace_op *b)
{
    (void)a;
    (void)b;
    return false;
}

static const struct fan_dpor_options errors[] = {
    {.dependent = writes_commute},
    {.dependent = send_and_receive_commute},
    {.dependent = resuming_touches_nothing},
    {.dependent = callers_of_one_waiter_commute},
    {.wakes = never},
};

START_TEST(an_error_in_the_dependence_is_noticed)
{
    struct tally tally = {0};
    ck_assert_uint_ne(first_difference(&errors[_i], PROGRAMS_WITH_ERROR, &tally), 0);
}
END_TEST

/* ---- what cannot be proved ---- */

/* Each spawned thread and the main one lock the mutex, so there are orders to try. */
static void lock_and_unlock(void *mutex)
{
    fan_mutex_lock(mutex);
    fan_mutex_unlock(mutex);
}

static void spawn_one_more_each_time(void *argument)
{
    static uint32_t runs;
    struct fan_mutex *mutex = calloc(1, sizeof *mutex);
    (void)argument;
    for (uint32_t i = 0; i < 1 + runs % 2; i++)
        fan_go("other", lock_and_unlock, mutex);
    runs++;
    lock_and_unlock(mutex);
}

static void lock_for_ever(void *mutex)
{
    for (;;)
        lock_and_unlock(mutex);
}

static void lock_for_ever_in_two(void *argument)
{
    struct fan_mutex *mutex = calloc(1, sizeof *mutex);
    (void)argument;
    fan_go("other", lock_for_ever, mutex);
    lock_and_unlock(mutex);
}

static struct fan_dpor_report prove(void (*run)(void *), const struct fan_dpor_options *options,
                                    uint32_t runs)
{
    struct fan_dpor *dpor = fan_dpor_new(options);
    struct fan_strategy strategy = {&fan_strategy_dpor, dpor};
    ck_assert_ptr_nonnull(dpor);
    do {
        fan_arena_reset(&arena);
        fan_thread_current = NULL;
        running = true;
        fan_sim_run(sim, &strategy, run, NULL);
        running = false;
    } while (fan_strategy_dpor.end(dpor, sim) && --runs > 0);
    struct fan_dpor_report report = *fan_dpor_report(dpor);
    fan_dpor_free(dpor);
    return report;
}

START_TEST(a_program_that_behaves_differently_is_told)
{
    struct fan_dpor_report report = prove(spawn_one_more_each_time, NULL, 100);
    ck_assert(report.diverged);
    ck_assert(!report.complete);
}
END_TEST

START_TEST(a_search_is_not_complete_where_runs_are_cut_off)
{
    struct fan_dpor_report report =
        prove(lock_for_ever_in_two, &(struct fan_dpor_options){.step_limit = 30}, 1000);
    ck_assert_uint_gt(report.endless, 0);
    ck_assert(!report.complete);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("dpor");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 240);
    tcase_add_test(cases, it_sees_every_class_once_and_every_failure);
    tcase_add_loop_test(cases, an_error_in_the_dependence_is_noticed, 0,
                        (int)(sizeof errors / sizeof errors[0]));
    tcase_add_test(cases, a_program_that_behaves_differently_is_told);
    tcase_add_test(cases, a_search_is_not_complete_where_runs_are_cut_off);
    return suite_run("dpor", cases);
}
