/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* What the reduction leaves out must not be missed: random small programs are explored in every
 * order, and by dpor, and both must see the same.
 *
 * Then parts of the dependence are taken away from dpor, one after the other, and the two must
 * differ: so each part is one that these programs would catch it without. */
#include "run/mutex.h"
#include "run/thread.h"
#include "sim/dpor.h"
#include "sim/sim.h"
#include "sync/waitgroup.h"

#include "tests/support/orders.h"
#include "tests/support/sight.h"
#include "tests/support/small.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>

static struct fan_sim *sim;
static struct sight *by_dfs, *by_dpor;

/* Returns whether it has come to its end within so many runs. */
static bool explore(const struct small *one, const struct fan_strategy *strategy, uint32_t runs,
                    struct sight *sight)
{
    sight_forget(sight);
    do
        if (runs-- == 0)
            return false;
        else
            sight_run(sight, one, strategy);
    while (strategy->kind->end(strategy->state, sim));
    return true;
}

static bool explore_every_order(const struct small *one, uint32_t runs)
{
    static struct orders orders;
    orders.depth = 0;
    return explore(one, &(struct fan_strategy){&orders_strategy, &orders}, runs, by_dfs);
}

static bool explore_reduced(const struct small *one, const struct fan_dpor_options *options,
                            uint32_t runs, struct fan_dpor_report *report)
{
    struct fan_dpor *dpor = fan_dpor_new(options);
    ck_assert_ptr_nonnull(dpor);
    bool ended = explore(one, &(struct fan_strategy){&fan_strategy_dpor, dpor}, runs, by_dpor);
    *report = fan_dpor_report(dpor);
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

/* False if the two saw different things. */
static bool agrees(const struct small *one, const struct fan_dpor_options *options,
                   struct tally *tally)
{
    struct fan_dpor_report report;
    if (!explore_every_order(one, MOST_RUNS))
        return true;
    bool agree = explore_reduced(one, options, MANY_RUNS, &report) && report.complete &&
                 !sight_is_ambiguous(by_dfs) && !sight_is_ambiguous(by_dpor) &&
                 sight_same(by_dfs, by_dpor) &&
                 (report.adds_conflict || report.classes == sight_classes(by_dfs));
    tally->programs++;
    tally->stuck += report.stuck > 0;
    tally->failing += report.failed > 0;
    tally->reduced += sight_runs(by_dpor) < sight_runs(by_dfs);
    return agree;
}

static void show_difference(const struct small *one, uint64_t seed)
{
    printf("seed %llu: %u in %u runs of every order, %u in %u reduced; ambiguous: %d %d\n",
           (unsigned long long)seed, sight_classes(by_dfs), sight_runs(by_dfs),
           sight_classes(by_dpor), sight_runs(by_dpor), sight_is_ambiguous(by_dfs),
           sight_is_ambiguous(by_dpor));
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
    sim = sight_begin();
    by_dfs = sight_new();
    by_dpor = sight_new();
}

static void tear_down(void)
{
    free(by_dfs);
    free(by_dpor);
    sight_end(sim);
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

/* ---- what is not worth trying ---- */

static void finish(void *group)
{
    fan_waitgroup_done(group);
}

static void wait_for_all(void *group)
{
    fan_waitgroup_wait(group, NULL);
}

static void wait_for_three(void *argument)
{
    struct fan_waitgroup *group = calloc(1, sizeof *group);
    (void)argument;
    fan_waitgroup_add(group, 3);
    fan_go("closer", wait_for_all, group);
    for (int i = 0; i < 3; i++)
        fan_go("one", finish, group);
    fan_thread_retire();
}

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
    do
        sight_run_plainly(&strategy, run);
    while (fan_strategy_dpor.end(dpor, sim) && --runs > 0);
    struct fan_dpor_report report = fan_dpor_report(dpor);
    fan_dpor_free(dpor);
    return report;
}

/* None of the three can come after the wait instead. */
START_TEST(a_wait_is_not_tried_before_what_it_waits_for)
{
    struct fan_dpor_report report = prove(wait_for_three, NULL, 100);
    ck_assert(report.complete);
    ck_assert_uint_eq(report.classes, 1);
    ck_assert_uint_eq(report.runs, 1);
}
END_TEST

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

static void fail_at_once(void *argument)
{
    (void)argument;
    fan_panic("before its first step");
}

START_TEST(a_program_that_fails_before_its_first_step_has_one_run)
{
    struct fan_dpor_report report = prove(fail_at_once, NULL, 100);
    ck_assert(report.complete);
    ck_assert_uint_eq(report.runs, 1);
    ck_assert_uint_eq(report.failed, 1);
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
    tcase_add_test(cases, a_wait_is_not_tried_before_what_it_waits_for);
    tcase_add_test(cases, a_program_that_behaves_differently_is_told);
    tcase_add_test(cases, a_search_is_not_complete_where_runs_are_cut_off);
    tcase_add_test(cases, a_program_that_fails_before_its_first_step_has_one_run);
    return suite_run("dpor", cases);
}
