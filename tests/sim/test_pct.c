/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* PCT finds a bug of depth d in a run of n threads and k choices at least once in n k^(d-1) runs.
 */
#include "sim/pct.h"

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

static uint32_t count_failing(uint32_t depth, sim_program *program, uint32_t runs)
{
    struct fan_pct pct = {.random = {.state = 1}, .depth = depth};
    return sim_program_count_failing(&(struct fan_strategy){&fan_strategy_pct, &pct}, program,
                                     runs);
}

/* Who has the lower priority comes last: every other run, where a random walk needs 2^20. */
START_TEST(a_bug_of_depth_one_needs_no_change)
{
    uint32_t failing = count_failing(1, sim_short_beside_long, 2000);
    ck_assert_uint_gt(failing, 900);
    ck_assert_uint_lt(failing, 1100);
}
END_TEST

/* Where two threads take turns, only a change of priorities can bring it about. */
START_TEST(a_bug_of_depth_two_needs_one_change)
{
    ck_assert_uint_eq(count_failing(1, sim_lost_wake_up, 2000), 0);
    ck_assert_uint_gt(count_failing(2, sim_lost_wake_up, 2000), 2000 / (2 * 8));
    ck_assert_uint_eq(count_failing(1, sim_lost_update, 2000), 0);
    ck_assert_uint_gt(count_failing(2, sim_lost_update, 2000), 2000 / (4 * 20));
}
END_TEST

START_TEST(the_default_depth_finds_what_is_planted)
{
    static sim_program *const planted[] = {sim_pool_with_a_rare_missing_done, sim_two_may_close,
                                           sim_lost_wake_up, sim_lost_update,
                                           sim_select_with_a_wrong_case};
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct fan_pct pct = {.random = {.state = seed}};
        struct fan_strategy strategy = {&fan_strategy_pct, &pct};
        ck_assert_uint_gt(sim_program_hunt(&strategy, planted[_i], 500), 0);
    }
}
END_TEST

START_TEST(the_sound_twins_never_fail)
{
    static sim_program *const sound[] = {sim_pool, sim_last_one_closes, sim_wake_up, sim_update,
                                         sim_select};
    for (uint32_t depth = 1; depth <= FAN_PCT_MOST_DEPTH; depth += 5)
        ck_assert_uint_eq(count_failing(depth, sound[_i], 3000), 0);
}
END_TEST

/* Priorities alone would let it look for ever; it is the other's turn at last. */
START_TEST(a_thread_that_spins_does_not_starve_the_others)
{
    ck_assert_uint_eq(count_failing(1, sim_spin, 1000), 0);
}
END_TEST

START_TEST(the_length_is_learned_from_earlier_runs)
{
    struct fan_pct pct = {.random = {.state = 1}};
    struct fan_strategy strategy = {&fan_strategy_pct, &pct};
    sim_program_count_failing(&strategy, sim_pool, 50);
    uint32_t length = pct.length;
    ck_assert_uint_gt(length, 10);
    ck_assert_uint_lt(length, 60);
    sim_program_count_failing(&strategy, sim_select, 50);
    ck_assert_uint_lt(pct.length, length);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("pct");
    tcase_add_checked_fixture(cases, make_a_scheduler, free_it);
    tcase_add_test(cases, a_bug_of_depth_one_needs_no_change);
    tcase_add_test(cases, a_bug_of_depth_two_needs_one_change);
    tcase_add_loop_test(cases, the_default_depth_finds_what_is_planted, 0, 5);
    tcase_add_loop_test(cases, the_sound_twins_never_fail, 0, 5);
    tcase_add_test(cases, a_thread_that_spins_does_not_starve_the_others);
    tcase_add_test(cases, the_length_is_learned_from_earlier_runs);
    return suite_run("pct", cases);
}
