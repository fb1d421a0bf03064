/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* A proof that passes the marks by: where no marked accesses race, it has the classes and the
 * results of one that stops at each; where some do, both say so. */
#define FAN_SIM
#include <stdlib.h>

#include "run/access.h"
#include "run/mutex.h"
#include "run/thread.h"
#include "sim/dpor.h"
#include "sim/sanitizers.h"
#include "tests/support/sight.h"
#include "tests/support/small.h"
#include "tests/support/suite.h"

enum {
    PROGRAMS = FAN_UNDER_ASAN || FAN_UNDER_TSAN ? 500 : 4000,
    MOST_RUNS = 3000, /* of a program that stops at marks; those with more are left out */
};

static struct fan_sim *sim;
static struct fan_sim_watch *watch;
static struct sight *stopping, *passing;

static void set_up(void)
{
    watch = fan_sim_watch_new();
    ck_assert_ptr_nonnull(watch);
    sim = sight_begin();
    stopping = sight_new();
    passing = sight_new();
    sight_watch(watch);
}

static void tear_down(void)
{
    sight_watch(NULL);
    free(stopping);
    free(passing);
    sight_end(sim);
    fan_sim_watch_free(watch);
}

/* Returns whether it has come to its end within so many runs. */
static bool prove(const struct small *one, bool passes, struct sight *sight,
                  struct fan_dpor_report *report)
{
    struct fan_dpor *dpor = fan_dpor_new(NULL);
    struct fan_strategy strategy = {&fan_strategy_dpor, dpor};
    uint32_t runs = 0;
    ck_assert_ptr_nonnull(dpor);
    sight_forget(sight);
    fan_sim_pass_marks(sim, passes);
    do
        sight_run(sight, one, &strategy);
    while (fan_strategy_dpor.end(dpor, sim) && ++runs < MOST_RUNS);
    *report = fan_dpor_report(dpor);
    fan_dpor_free(dpor);
    return report->complete;
}

struct tally {
    uint32_t programs, fewer_runs, racing, other_results;
};

static void hold_against_each_other(uint64_t seed, struct tally *tally)
{
    struct small one;
    struct fan_dpor_report stops, passes;
    small_generate(&one, seed);
    if (!prove(&one, false, stopping, &stops) || !prove(&one, true, passing, &passes))
        return;
    tally->programs++;
    bool raced = sight_raced(stopping), same = sight_same_results(stopping, passing);
    ck_assert_msg(raced == sight_raced(passing), "seed %llu", (unsigned long long)seed);
    tally->racing += raced;
    tally->other_results += raced && !same;
    tally->fewer_runs += passes.runs < stops.runs;
    if (raced)
        return;
    ck_assert_msg(same, "seed %llu", (unsigned long long)seed);
    ck_assert_msg(stops.adds_conflict || stops.classes == passes.classes, "seed %llu",
                  (unsigned long long)seed);
}

START_TEST(without_a_race_nothing_is_missed_and_a_race_is_found)
{
    struct tally tally = {0};
    for (uint64_t seed = 1; seed <= PROGRAMS; seed++)
        hold_against_each_other(seed, &tally);
    ck_assert_uint_gt(tally.programs, PROGRAMS / 2);
    ck_assert_uint_gt(tally.racing, PROGRAMS / 50);
    ck_assert_uint_gt(tally.other_results, 0);
    ck_assert_uint_gt(tally.fewer_runs, PROGRAMS / 50);
}
END_TEST

/* ---- by hand ---- */

struct shared {
    struct fan_mutex mutex;
    bool locks;
    uint32_t value;
};

static void add_one(void *argument)
{
    struct shared *shared = argument;
    if (shared->locks)
        fan_mutex_lock(&shared->mutex);
    FAN_READ(shared->value);
    uint32_t value = shared->value;
    FAN_WRITE(shared->value);
    shared->value = value + 1;
    if (shared->locks)
        fan_mutex_unlock(&shared->mutex);
}

static bool sums[3]; /* that were seen */

static void add_two(bool locks)
{
    struct shared *shared = calloc(1, sizeof *shared);
    struct fan_thread *one = NULL, *two = NULL;
    shared->locks = locks;
    int no_one = fan_thread_spawn(NULL, add_one, shared, &one);
    int no_two = fan_thread_spawn(NULL, add_one, shared, &two);
    fan_thread_join(no_one ? NULL : one);
    fan_thread_join(no_two ? NULL : two);
    sums[shared->value] = true;
    fan_thread_retire();
}

static void add_two_bare(void *unused)
{
    (void)unused;
    add_two(false);
}

static void add_two_locked(void *unused)
{
    (void)unused;
    add_two(true);
}

static uint64_t classes_of(void (*program)(void *), bool passes)
{
    struct fan_dpor *dpor = fan_dpor_new(NULL);
    struct fan_strategy strategy = {&fan_strategy_dpor, dpor};
    sums[1] = sums[2] = false;
    sight_watch(NULL);
    fan_sim_pass_marks(sim, passes);
    do
        sight_run_plainly(&strategy, program);
    while (fan_strategy_dpor.end(dpor, sim));
    struct fan_dpor_report report = fan_dpor_report(dpor);
    fan_dpor_free(dpor);
    ck_assert(report.complete);
    return report.classes;
}

START_TEST(a_lost_update_needs_a_stop_at_the_marks)
{
    ck_assert_uint_eq(classes_of(add_two_bare, false), 4);
    ck_assert(sums[1] && sums[2]);
    ck_assert_uint_eq(classes_of(add_two_bare, true), 1);
    ck_assert(!sums[1] && sums[2]);
}
END_TEST

START_TEST(under_a_lock_marks_make_no_classes)
{
    ck_assert_uint_eq(classes_of(add_two_locked, false), 2);
    ck_assert_uint_eq(classes_of(add_two_locked, true), 2);
    ck_assert(!sums[1] && sums[2]);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("marks");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, without_a_race_nothing_is_missed_and_a_race_is_found);
    tcase_add_test(cases, a_lost_update_needs_a_stop_at_the_marks);
    tcase_add_test(cases, under_a_lock_marks_make_no_classes);
    return suite_run("marks", cases);
}
