/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* A schedule replayed gives the run that it was taken from. */
#include "sim/replay.h"

#include <string.h>

#include "sim/random.h"
#include "sim/schedule.h"
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

static enum fan_sim_outcome replay(struct fan_replay *how, sim_program *program)
{
    return sim_program_run(&(struct fan_strategy){&fan_strategy_replay, how}, program);
}

static enum fan_sim_outcome replay_text(const char *text, bool lenient, sim_program *program)
{
    static struct fan_schedule schedule;
    struct fan_replay how = {.schedule = &schedule, .lenient = lenient};
    ck_assert_int_eq(fan_schedule_parse(text, &schedule), 0);
    return replay(&how, program);
}

static sim_program *const programs[] = {
    sim_pool,        sim_pool_with_a_rare_missing_done, sim_two_may_close, sim_lost_wake_up,
    sim_lost_update, sim_select_with_a_wrong_case,      sim_spin,          sim_short_beside_long};
enum { PROGRAMS = sizeof programs / sizeof programs[0] };

static void random_run_comes_back(struct fan_random *random, sim_program *program)
{
    static struct fan_schedule schedule;
    char text[FAN_SCHEDULE_TEXT];
    enum fan_sim_outcome outcome =
        sim_program_run(&(struct fan_strategy){&fan_strategy_random, random}, program);
    uint64_t hash = fan_sim_trace_hash(sim);
    fan_schedule_print(fan_sim_schedule(sim), text, sizeof text);
    ASSERT_OFTEN(fan_schedule_parse(text, &schedule) == 0);
    struct fan_replay how = {.schedule = &schedule};
    ASSERT_OFTEN(replay(&how, program) == outcome);
    ASSERT_OFTEN(fan_sim_trace_hash(sim) == hash);
    ASSERT_OFTEN(how.used == schedule.count);
}

START_TEST(random_runs_come_back)
{
    struct fan_random random = {.state = 11};
    for (int i = 0; i < 1000; i++)
        random_run_comes_back(&random, programs[_i]);
}
END_TEST

START_TEST(one_schedule_gives_one_hash_ten_thousand_times)
{
    static struct fan_schedule schedule;
    struct fan_random random = {.state = 3};
    struct fan_strategy walk = {&fan_strategy_random, &random};
    ck_assert_uint_gt(sim_program_hunt(&walk, sim_pool_with_a_rare_missing_done, 1000), 0);
    uint64_t hash = fan_sim_trace_hash(sim);
    schedule = *fan_sim_schedule(sim);
    struct fan_replay how = {.schedule = &schedule};
    for (int i = 0; i < 10000; i++) {
        ASSERT_OFTEN(replay(&how, sim_pool_with_a_rare_missing_done) == FAN_SIM_STUCK);
        ASSERT_OFTEN(fan_sim_trace_hash(sim) == hash);
    }
}
END_TEST

/* The hash tells runs apart: it would be worth little if different ones had the same. */
START_TEST(different_schedules_have_different_hashes)
{
    enum { RUNS = 300 };
    static uint64_t hashes[RUNS];
    static char texts[RUNS][FAN_SCHEDULE_TEXT];
    struct fan_random random = {.state = 9};
    for (int i = 0; i < RUNS; i++) {
        sim_program_run(&(struct fan_strategy){&fan_strategy_random, &random}, sim_lost_update);
        hashes[i] = fan_sim_trace_hash(sim);
        fan_schedule_print(fan_sim_schedule(sim), texts[i], sizeof texts[i]);
        for (int k = 0; k < i; k++)
            ASSERT_OFTEN((hashes[i] == hashes[k]) == (strcmp(texts[i], texts[k]) == 0));
    }
}
END_TEST

START_TEST(a_thread_that_cannot_run_is_a_divergence)
{
    ck_assert_int_eq(replay_text("0.2.5", false, sim_update), FAN_SIM_DIVERGED);
    ck_assert_int_eq(replay_text("0.2.5", true, sim_update), FAN_SIM_FINISHED);
}
END_TEST

START_TEST(a_possibility_that_is_not_there_is_a_divergence)
{
    ck_assert_int_eq(replay_text("0.6v9", false, sim_select), FAN_SIM_DIVERGED);
    ck_assert_int_eq(replay_text("0.6v9", true, sim_select), FAN_SIM_FINISHED);
    ck_assert_int_eq(replay_text("0.6v3", false, sim_select), FAN_SIM_FINISHED);
}
END_TEST

START_TEST(a_choice_that_is_never_made_is_not_used)
{
    static struct fan_schedule schedule;
    struct fan_replay how = {.schedule = &schedule};
    ck_assert_int_eq(fan_schedule_parse("3.9999.1", &schedule), 0);
    ck_assert_int_eq(replay(&how, sim_update), FAN_SIM_FINISHED);
    ck_assert_uint_eq(how.used, 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("replay");
    tcase_add_checked_fixture(cases, make_a_scheduler, free_it);
    tcase_add_loop_test(cases, random_runs_come_back, 0, PROGRAMS);
    tcase_add_test(cases, one_schedule_gives_one_hash_ten_thousand_times);
    tcase_add_test(cases, different_schedules_have_different_hashes);
    tcase_add_test(cases, a_thread_that_cannot_run_is_a_divergence);
    tcase_add_test(cases, a_possibility_that_is_not_there_is_a_divergence);
    tcase_add_test(cases, a_choice_that_is_never_made_is_not_used);
    return suite_run("replay", cases);
}
