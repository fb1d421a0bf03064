/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* The random walk finds what is planted, and nothing where nothing is. */
#include "sim/random.h"

#include "tests/support/sim_program.h"
#include "tests/support/sim_programs.h"
#include "tests/support/suite.h"

enum { SEEDS = 100 };

static struct fan_sim *sim;

static void make_a_scheduler(void)
{
    sim = sim_program_begin();
}

static void free_it(void)
{
    fan_sim_free(sim);
}

/* A program, how a run of it fails, and in how many runs that must show, from every seed. */
static const struct planted {
    sim_program *program;
    enum fan_sim_outcome outcome;
    uint32_t runs;
} planted[] = {
    {sim_pool_with_a_rare_missing_done, FAN_SIM_STUCK, 100},
    {sim_two_may_close, FAN_SIM_FAILED, 50},
    {sim_lost_wake_up, FAN_SIM_STUCK, 50},
    {sim_lost_update, FAN_SIM_FAILED, 50},
    {sim_select_with_a_wrong_case, FAN_SIM_FAILED, 300},
};

START_TEST(what_is_planted_is_found_from_every_seed)
{
    const struct planted *one = &planted[_i];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct fan_random random = {.state = seed};
        struct fan_strategy strategy = {&fan_strategy_random, &random};
        ck_assert_uint_gt(sim_program_hunt(&strategy, one->program, one->runs), 0);
    }
}
END_TEST

START_TEST(it_fails_in_the_way_planted)
{
    const struct planted *one = &planted[_i];
    struct fan_random random = {.state = 1};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    for (int run = 0; run < 1000; run++) {
        enum fan_sim_outcome outcome = sim_program_run(&strategy, one->program);
        ASSERT_OFTEN(outcome == FAN_SIM_FINISHED || outcome == one->outcome);
    }
}
END_TEST

static sim_program *const sound[] = {sim_pool,   sim_last_one_closes, sim_wake_up,
                                     sim_update, sim_select,          sim_spin};

START_TEST(the_sound_twins_never_fail)
{
    struct fan_random random = {.state = 1};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    ck_assert_uint_eq(sim_program_count_failing(&strategy, sound[_i], 10000), 0);
}
END_TEST

/* Who can run is kept in 64 bits. */
START_TEST(fifty_threads_wait_and_all_go_on)
{
    struct fan_random random = {.state = 1};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    ck_assert_uint_eq(sim_program_count_failing(&strategy, sim_crowd, 100), 0);
    ck_assert_uint_gt(fan_sim_thread_count(sim), 32);
}
END_TEST

/* Two of four cases in two independent choices: one run in sixteen. */
START_TEST(values_are_chosen_evenly)
{
    enum { RUNS = 16000 };
    struct fan_random random = {.state = 2};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    uint32_t failing = sim_program_count_failing(&strategy, sim_select_with_a_wrong_case, RUNS);
    ck_assert_uint_gt(failing, RUNS / 16 * 9 / 10);
    ck_assert_uint_lt(failing, RUNS / 16 * 11 / 10);
}
END_TEST

START_TEST(equal_seeds_give_equal_runs)
{
    struct fan_random one = {.state = 4}, same = {.state = 4}, other = {.state = 5};
    sim_program_run(&(struct fan_strategy){&fan_strategy_random, &one}, sim_pool);
    uint64_t hash = fan_sim_trace_hash(sim);
    sim_program_run(&(struct fan_strategy){&fan_strategy_random, &same}, sim_pool);
    ck_assert_uint_eq(fan_sim_trace_hash(sim), hash);
    sim_program_run(&(struct fan_strategy){&fan_strategy_random, &other}, sim_pool);
    ck_assert_uint_ne(fan_sim_trace_hash(sim), hash);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("random");
    tcase_add_checked_fixture(cases, make_a_scheduler, free_it);
    tcase_add_loop_test(cases, what_is_planted_is_found_from_every_seed, 0,
                        sizeof planted / sizeof planted[0]);
    tcase_add_loop_test(cases, it_fails_in_the_way_planted, 0, sizeof planted / sizeof planted[0]);
    tcase_add_loop_test(cases, the_sound_twins_never_fail, 0, sizeof sound / sizeof sound[0]);
    tcase_add_test(cases, fifty_threads_wait_and_all_go_on);
    tcase_add_test(cases, values_are_chosen_evenly);
    tcase_add_test(cases, equal_seeds_give_equal_runs);
    return suite_run("random", cases);
}
