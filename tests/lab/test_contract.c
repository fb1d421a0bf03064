/* The detectors against whole programs, in both runtimes: what breaks its contract is found, as
 * that and nothing else; correct programs of other shapes are not touched. */
#define _GNU_SOURCE
#include <check.h>
#include <stdlib.h>

#include "app/attempt.h"
#include "app/check.h"
#include "app/explore.h"
#include "run/time.h"
#include "sim/sanitizers.h"
#include "tests/support/contract_programs.h"
#include "tests/support/suite.h"

#define SLOWED (FAN_UNDER_ASAN || FAN_UNDER_TSAN ? 10 : 1)

enum {
    REAL_RUNS = SLOWED > 1 ? 2 : 12,
    MOST_RUNS = 12, /* until what is planted has shown */
    SCHEDULES = 2000 / SLOWED,
    VARIANTS = CONTRACT_PROGRAMS * FAN_LAB_VARIANTS,
};

static struct fan_interrupt interrupt;

static void set_up(void)
{
    /* A program of ThreadSanitizer's sleeps for a second before it is gone. */
    setenv("TSAN_OPTIONS", "halt_on_error=1:atexit_sleep_ms=0", 1);
    ck_assert_int_eq(fan_interrupt_begin(&interrupt), 0);
}

static void tear_down(void)
{
    fan_interrupt_end(&interrupt);
}

/* The nth of all variants; NULL where a scenario has fewer. */
static const struct fan_variant *variant_of(int nth, const struct fan_scenario **scenario)
{
    *scenario = &contract_programs[nth / FAN_LAB_VARIANTS];
    size_t variant = (size_t)nth % FAN_LAB_VARIANTS;
    return variant < (*scenario)->variant_count ? &(*scenario)->variants[variant] : NULL;
}

static struct fan_check check_real(const struct fan_scenario *scenario,
                                   const struct fan_variant *variant, uint64_t seed, uint64_t items)
{
    struct fan_check check;
    struct fan_attempt attempt = {
        .scenario = scenario,
        .variant = variant,
        .helper = FAN_BUILD_DIR "/tests/lab/child_contract",
        .seed = seed,
        .workers = 4,
        .items = items,
    };
    fan_attempt_make(&attempt, FAN_SECOND * 30, &interrupt);
    fan_check_judge(&attempt, &check);
    fan_attempt_release(&attempt);
    return check;
}

static struct fan_check check_sim(const struct fan_scenario *scenario,
                                  const struct fan_variant *variant, uint64_t items)
{
    struct fan_check check;
    struct fan_explore_request request = {
        .scenario = scenario,
        .variant = variant,
        .helper = FAN_BUILD_DIR "/tests/lab/child_sim_contract",
        .seed = 3,
        .workers = 4,
        .items = items,
        .strategy = "random",
        .schedules = SCHEDULES,
    };
    struct fan_explore *explore =
        fan_explore_make(&request, &(struct fan_explore_listener){0}, &interrupt);
    ck_assert_ptr_nonnull(explore);
    fan_check_judge_explored(explore, &interrupt, &check);
    free(explore);
    return check;
}

/* A run may be one in which the defect does not show: then nothing else may, either. */
START_TEST(real_threads_show_what_is_planted_and_nothing_else)
{
    const struct fan_scenario *scenario;
    const struct fan_variant *variant = variant_of(_i, &scenario);
    bool found = !variant || variant->expected_count == 0;
    for (uint64_t run = 0; variant && run < (found ? REAL_RUNS : MOST_RUNS); run++) {
        struct fan_check check = check_real(scenario, variant, run, scenario->items);
        ck_assert_msg(check.passed || check.unseen, "%s %s: %s", scenario->id, variant->name,
                      check.problem);
        found |= check.found_count > 0;
    }
    ck_assert_msg(found, "%s: nothing was found in %d runs", scenario->id, MOST_RUNS);
}
END_TEST

START_TEST(the_scheduler_shows_what_is_planted_and_nothing_else)
{
    const struct fan_scenario *scenario;
    const struct fan_variant *variant = variant_of(_i, &scenario);
    if (!variant)
        return;
    struct fan_check check = check_sim(scenario, variant, scenario->items);
    ck_assert_msg(check.passed, "%s %s: %s", scenario->id, variant->name, check.problem);
    ck_assert_uint_eq(check.schedules, SCHEDULES);
}
END_TEST

/* More workers than items: some never get one, and that is right. */
START_TEST(a_worker_that_never_got_an_item_is_not_idle)
{
    const struct fan_scenario *scenario;
    const struct fan_variant *variant = variant_of(_i, &scenario);
    if (!variant || variant->expected_count > 0)
        return;
    struct fan_check real = check_real(scenario, variant, 1, 2);
    ck_assert_msg(real.passed, "%s %s: %s", scenario->id, variant->name, real.problem);
    if (FAN_UNDER_TSAN)
        return;
    struct fan_check sim = check_sim(scenario, variant, 2);
    ck_assert_msg(sim.passed, "%s %s: %s", scenario->id, variant->name, sim.problem);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("contract");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, real_threads_show_what_is_planted_and_nothing_else, 0, VARIANTS);
    if (!FAN_UNDER_TSAN) /* it has nothing to say of simulations, at length */
        tcase_add_loop_test(cases, the_scheduler_shows_what_is_planted_and_nothing_else, 0,
                            VARIANTS);
    tcase_add_loop_test(cases, a_worker_that_never_got_an_item_is_not_idle, 0, VARIANTS);
    return suite_run("contract", cases);
}
