/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* Failing schedules are made as short as can be, and that they are is proved. */
#include "sim/minimise.h"

#include <errno.h>
#include <stdlib.h>

#include "sim/replay.h"
#include "sim/surw.h"
#include "tests/support/sim_program.h"
#include "tests/support/sim_programs.h"
#include "tests/support/suite.h"

static struct fan_sim *sim;
static struct fan_minimiser *minimiser;

/* What is minimised: a program, and how it is to fail. */
struct failure {
    sim_program *program;
    enum fan_sim_outcome outcome;
};

static bool fails(void *argument, const struct fan_strategy *strategy)
{
    const struct failure *failure = argument;
    return sim_program_run(strategy, failure->program) == failure->outcome;
}

static void take_a_new_minimiser(void)
{
    free(minimiser);
    minimiser = calloc(1, sizeof *minimiser);
    ck_assert_ptr_nonnull(minimiser);
    minimiser->sim = sim;
    minimiser->fails = fails;
}

static void make_a_minimiser(void)
{
    sim = sim_program_begin();
    take_a_new_minimiser();
}

static void free_it(void)
{
    free(minimiser);
    minimiser = NULL;
    fan_sim_free(sim);
}

/* What the shortest failing schedule of each program has. */
static const struct shortest {
    struct failure failure;
    uint32_t deviations, preemptions;
} shortest[] = {
    {{sim_pool_with_a_rare_missing_done, FAN_SIM_STUCK}, 1, 0},
    {{sim_two_may_close, FAN_SIM_FAILED}, 1, 1},
    {{sim_lost_wake_up, FAN_SIM_STUCK}, 1, 1},
    {{sim_lost_update, FAN_SIM_FAILED}, 1, 1},
    {{sim_select_with_a_wrong_case, FAN_SIM_FAILED}, 2, 0},
    {{sim_short_beside_long, FAN_SIM_FAILED}, 1, 0},
};
enum { PROGRAMS = sizeof shortest / sizeof shortest[0] };

static void find_failing(const struct failure *failure, uint64_t seed, struct fan_schedule *found)
{
    struct fan_surw surw = {.random = {.state = seed}};
    struct fan_strategy strategy = {&fan_strategy_surw, &surw};
    ck_assert_uint_gt(sim_program_hunt(&strategy, failure->program, 5000), 0);
    *found = *fan_sim_schedule(sim);
}

static void must_be_the_shortest(const struct shortest *expected)
{
    struct fan_replay replay = {.schedule = &minimiser->best};
    ck_assert_uint_eq(minimiser->best.count, expected->deviations);
    ck_assert_uint_eq(minimiser->preemptions, expected->preemptions);
    ck_assert(minimiser->certified);
    ck_assert_int_eq(sim_program_run(&(struct fan_strategy){&fan_strategy_replay, &replay},
                                     expected->failure.program),
                     expected->failure.outcome);
    ck_assert_uint_eq(replay.used, expected->deviations);
}

static void minimise(const struct shortest *expected, uint64_t seed)
{
    static struct fan_schedule found;
    struct failure failure = expected->failure;
    find_failing(&failure, seed, &found);
    minimiser->argument = &failure;
    ck_assert_int_eq(fan_minimise(minimiser, &found, 1), 0);
}

START_TEST(the_shortest_is_found_from_any_failure)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        take_a_new_minimiser();
        minimise(&shortest[_i], seed);
        must_be_the_shortest(&shortest[_i]);
    }
}
END_TEST

START_TEST(without_a_start_random_walks_find_one)
{
    struct failure failure = {sim_lost_wake_up, FAN_SIM_STUCK};
    minimiser->argument = &failure;
    ck_assert_int_eq(fan_minimise(minimiser, NULL, 0), 0);
    ck_assert_uint_eq(minimiser->best.count, 1);
    ck_assert(minimiser->certified);
}
END_TEST

START_TEST(what_never_fails_is_not_minimised)
{
    static const struct fan_schedule none;
    struct failure failure = {sim_wake_up, FAN_SIM_STUCK};
    minimiser->argument = &failure;
    ck_assert_int_eq(fan_minimise(minimiser, &none, 1), ENOENT);
}
END_TEST

/* A failure of every schedule needs no deviation, which is certain without a search. */
START_TEST(what_always_fails_needs_no_deviation)
{
    struct failure failure = {sim_update, FAN_SIM_FINISHED};
    minimiser->argument = &failure;
    ck_assert_int_eq(fan_minimise(minimiser, NULL, 0), 0);
    ck_assert_uint_eq(minimiser->best.count, 0);
    ck_assert_uint_eq(minimiser->preemptions, 0);
    ck_assert(minimiser->certified);
}
END_TEST

/* Two deviations and one level to search before them: 3 runs are too few for that. */
START_TEST(a_search_cut_short_certifies_nothing)
{
    minimiser->most_runs = 3;
    minimise(&shortest[4], 1);
    ck_assert_uint_eq(minimiser->best.count, 2);
    ck_assert(!minimiser->certified);
}
END_TEST

/* Leaving out alone does not get there: the search finds the shorter one. */
START_TEST(the_search_improves_on_what_leaving_out_leaves)
{
    static struct fan_schedule found;
    struct failure failure = {sim_pool_with_a_rare_missing_done, FAN_SIM_STUCK};
    uint32_t improved = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        take_a_new_minimiser();
        find_failing(&failure, seed, &found);
        minimiser->argument = &failure;
        minimiser->starts = 1;
        minimiser->most_runs = 1;
        ck_assert_int_eq(fan_minimise(minimiser, &found, 1), 0);
        improved += minimiser->best.count > 1;
    }
    ck_assert_uint_gt(improved, 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("minimise");
    tcase_add_checked_fixture(cases, make_a_minimiser, free_it);
    tcase_add_loop_test(cases, the_shortest_is_found_from_any_failure, 0, PROGRAMS);
    tcase_add_test(cases, without_a_start_random_walks_find_one);
    tcase_add_test(cases, what_never_fails_is_not_minimised);
    tcase_add_test(cases, what_always_fails_needs_no_deviation);
    tcase_add_test(cases, a_search_cut_short_certifies_nothing);
    tcase_add_test(cases, the_search_improves_on_what_leaving_out_leaves);
    return suite_run("minimise", cases);
}
