/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* Memory runs out, at every request that the executor, an array's fan-out or a task group makes,
 * one after the other: each time the call says so or does without, nothing is left, and what it
 * reports adds up. */
#include <errno.h>
#include <stdlib.h>

#include "flow/fanout.h"
#include "flow/group.h"
#include "run/time.h"
#include "sim/random.h"
#include "tests/support/run_memory.h"
#include "tests/support/sim_program.h"
#include "tests/support/storm.h"
#include "tests/support/suite.h"

enum { SEEDS = 150, TASKS = 24, SCHEDULES = 3, MOST_REQUESTS = 300 };

static struct storm_plan plan;
static struct storm_seen seen;
static const char *complaint;
static uint32_t began,
    refused; /* runs: in which the call was made, or said that there is no memory */

/* Runs a program in some schedules with none, and then each of its requests for memory refused. */
static void refuse_each(sim_program *program, uint64_t seed)
{
    struct fan_random random = {.state = seed};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    for (uint64_t which = 0, most = 0; which <= most && which < MOST_REQUESTS; which++) {
        run_memory_refuse(which);
        for (int i = 0; i < SCHEDULES; i++) {
            enum fan_sim_outcome outcome = sim_program_run(&strategy, program);
            ck_assert_msg(outcome == FAN_SIM_FINISHED,
                          "%s: outcome %d with request %d refused in %s", complaint, (int)outcome,
                          (int)which, storm_tell(&plan));
            ck_assert_msg(run_memory_live() == 0,
                          "%zu blocks are left with request %d refused in %s", run_memory_live(),
                          (int)which, storm_tell(&plan));
            if (run_memory_asked() > most)
                most = run_memory_asked();
        }
    }
    run_memory_refuse(0);
}

static void storm(void *unused)
{
    (void)unused;
    complaint = "it did not come to its end";
    complaint = storm_run(&plan, &seen);
    began += seen.most_not_begun > 0;
    refused += seen.error == ENOMEM;
    sim_program_must(!complaint);
}

START_TEST(the_executor_says_so_or_does_without)
{
    struct fan_sim *sim = sim_program_begin();
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        storm_plan(&plan, seed, TASKS, FAN_SECOND);
        plan.scarce = true;
        refuse_each(storm, seed);
    }
    ck_assert_uint_gt(began, SEEDS);
    ck_assert_uint_gt(refused, SEEDS);
    fan_sim_free(sim);
}
END_TEST

static int square(void *unused, struct fan_ctx *ctx, const void *task, void *result)
{
    int number = *(const int *)task;
    (void)unused, (void)ctx;
    *(int *)result = number * number;
    return number == 3 ? ERANGE : 0;
}

/* Whatever is refused, an array's results are complete or the call says what is missing. */
static void array(void *policy)
{
    int tasks[5] = {0, 1, 2, 3, 4}, results[5] = {0}, errors[5];
    (void)policy;
    int error = fan_out(
        NULL, tasks, 5,
        &(struct fan_work){.run = square, .task_size = sizeof(int), .result_size = sizeof(int)},
        results, errors, &(struct fan_stream_options){.limit = 2, .policy = FAN_COLLECT_ALL}, NULL);
    began += error == ERANGE;
    refused += error == ENOMEM;
    sim_program_must(error == ERANGE || error == ENOMEM);
    for (int i = 0; i < 5; i++) {
        int expected = error == ENOMEM ? ECANCELED : i == 3 ? ERANGE : 0;
        sim_program_must(errors[i] == expected);
        sim_program_must(errors[i] != 0 || results[i] == i * i);
    }
}

START_TEST(a_fan_out_over_an_array_says_so_or_does_without)
{
    struct fan_sim *sim = sim_program_begin();
    refuse_each(array, 1);
    ck_assert_uint_gt(began, 0);
    ck_assert_uint_gt(refused, 0);
    fan_sim_free(sim);
}
END_TEST

static int count(void *ran, struct fan_ctx *ctx)
{
    (void)ctx;
    ++*(int *)ran;
    return 0;
}

/* What was not started is not waited for, and does not hold its place. */
static void group(void *unused)
{
    struct fan_group group;
    int ran[4] = {0}, started[4];
    (void)unused;
    fan_group_init(&group, &(struct fan_group_options){.limit = 2});
    for (int i = 0; i < 4; i++) {
        int error = fan_group_go(&group, count, &ran[i]);
        sim_program_must(error == 0 || error == ENOMEM);
        started[i] = error == 0;
        began += error == 0;
        refused += error == ENOMEM;
    }
    sim_program_must(fan_group_wait(&group) == 0);
    for (int i = 0; i < 4; i++)
        sim_program_must(ran[i] == started[i]);
    fan_group_destroy(&group);
}

START_TEST(a_task_group_says_so)
{
    struct fan_sim *sim = sim_program_begin();
    refuse_each(group, 2);
    ck_assert_uint_gt(began, 0);
    ck_assert_uint_gt(refused, 0);
    fan_sim_free(sim);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("scarce");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, the_executor_says_so_or_does_without);
    tcase_add_test(cases, a_fan_out_over_an_array_says_so_or_does_without);
    tcase_add_test(cases, a_task_group_says_so);
    return suite_run("scarce", cases);
}
