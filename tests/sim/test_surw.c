/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* The selectively uniform walk: every order of operations is about as likely as any other. */
#include "sim/surw.h"

#include "sim/random.h"
#include "tests/support/sim_program.h"
#include "tests/support/sim_programs.h"
#include "tests/support/suite.h"

static struct fan_sim *sim;

static void make_a_scheduler(void)
{
    sim = sim_program_begin();
}

static void free_it(void)
{
    fan_sim_free(sim);
}

static uint32_t count_failing(sim_program *program, uint32_t runs)
{
    struct fan_surw surw = {.random = {.state = 1}};
    return sim_program_count_failing(&(struct fan_strategy){&fan_strategy_surw, &surw}, program,
                                     runs);
}

/* Of the 2,300 orders of 3 steps of one thread and 22 of another, in 67 the second of the 3 comes
 * after the 21st of the 22: one in 34. */
enum { LATE_ORDERS = 67, ORDERS = 2300 };

static void must_be_about_even(uint32_t failing, uint32_t runs)
{
    ck_assert_uint_gt(failing, runs * LATE_ORDERS / ORDERS * 2 / 3);
    ck_assert_uint_lt(failing, runs * LATE_ORDERS / ORDERS * 3 / 2);
}

START_TEST(a_short_thread_comes_last_as_often_as_anywhere)
{
    enum { RUNS = 20000 };
    struct fan_random random = {.state = 1};
    struct fan_strategy plain = {&fan_strategy_random, &random};
    ck_assert_uint_lt(sim_program_count_failing(&plain, sim_short_beside_long, RUNS), 3);
    must_be_about_even(count_failing(sim_short_beside_long, RUNS), RUNS);
}
END_TEST

START_TEST(what_is_planted_is_found_from_every_seed)
{
    static sim_program *const planted[] = {sim_pool_with_a_rare_missing_done, sim_two_may_close,
                                           sim_lost_wake_up, sim_lost_update,
                                           sim_select_with_a_wrong_case};
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct fan_surw surw = {.random = {.state = seed}};
        struct fan_strategy strategy = {&fan_strategy_surw, &surw};
        ck_assert_uint_gt(sim_program_hunt(&strategy, planted[_i], 300), 0);
    }
}
END_TEST

START_TEST(the_sound_twins_never_fail)
{
    static sim_program *const sound[] = {sim_pool,   sim_last_one_closes, sim_wake_up,
                                         sim_update, sim_select,          sim_spin};
    ck_assert_uint_eq(count_failing(sound[_i], 10000), 0);
}
END_TEST

START_TEST(what_was_learned_long_ago_is_forgotten)
{
    struct fan_surw surw = {.random = {.state = 1}};
    struct fan_strategy strategy = {&fan_strategy_surw, &surw};
    sim_program_count_failing(&strategy, sim_update, 5000);
    sim_program_count_failing(&strategy, sim_short_beside_long, 1000);
    must_be_about_even(sim_program_count_failing(&strategy, sim_short_beside_long, 20000), 20000);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("surw");
    tcase_add_checked_fixture(cases, make_a_scheduler, free_it);
    tcase_add_test(cases, a_short_thread_comes_last_as_often_as_anywhere);
    tcase_add_loop_test(cases, what_is_planted_is_found_from_every_seed, 0, 5);
    tcase_add_loop_test(cases, the_sound_twins_never_fail, 0, 6);
    tcase_add_test(cases, what_was_learned_long_ago_is_forgotten);
    return suite_run("surw", cases);
}
