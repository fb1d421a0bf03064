/* A run that is stuck or ended by a panic leaves locks taken: statics are put back before each. */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "fan/fan.h"
#include "run/sim_backend.h"
#include "run/thread_state.h"
#include "sim/pristine.h"
#include "sim/random.h"
#include "sim/sim.h"
#include "tests/support/semantics.h"
#include "tests/support/suite.h"

enum { SCHEDULES = 4000 };

static const struct semantics_row *table;
static struct fan_sim *sim;
uint64_t outcome;
static void (*program)(void);
static struct fan_pristine pristine; /* a run that a panic ends leaves locks taken */

static void take_panic(void *observer, const struct fan_panic *panic)
{
    (void)observer;
    (void)panic;
    outcome = PANIC;
    fan_sim_fail(sim);
}

static void set_up(void)
{
    static struct fan_probe_tables no_tables;
    no_tables.panicked = take_panic;
    fan_probe_install(&no_tables);
    sim = fan_sim_new(&(struct fan_sim_options){0});
}

static void tear_down(void)
{
    fan_sim_free(sim);
    fan_probe_install(NULL);
}

static void remember_statics(void)
{
    struct fan_pristine_range kept[] = {
        {&sim, sizeof(struct fan_sim *)}, {&outcome, sizeof outcome}, {&pristine, sizeof pristine}};
    ck_assert_int_eq(fan_pristine_take(&pristine, kept, sizeof kept / sizeof kept[0]), 0);
}

static void run_program(void *argument)
{
    (void)argument;
    program();
}

/* A run that is stuck or cut off by a panic never frees what it allocated. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

/* The set of outcomes over many schedules. */
static uint64_t outcomes_of(void (*of)(void), enum fan_grain grain)
{
    fan_sim_backend_use(sim, grain);
    program = of;
    remember_statics();
    struct fan_random random = {.state = 1};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    uint64_t seen = 0;
    for (int i = 0; i < SCHEDULES; i++) {
        outcome = 0;
        fan_pristine_restore(&pristine);
        fan_thread_current = NULL;
        if (fan_sim_run(sim, &strategy, run_program, NULL) == FAN_SIM_STUCK)
            outcome = STUCK;
        seen |= ONLY(outcome);
    }
    fan_thread_current = NULL;
    fan_pristine_drop(&pristine);
    return seen;
}

static void expect(size_t row, enum fan_grain grain)
{
    uint64_t seen = outcomes_of(table[row].program, grain);
    ck_assert_msg(seen == table[row].expected, "%s: outcomes %#llx, not %#llx", table[row].name,
                  (unsigned long long)seen, (unsigned long long)table[row].expected);
}

START_TEST(outcomes_are_those_of_the_table)
{
    expect((size_t)_i, FAN_GRAIN_COARSE);
}
END_TEST

/* The library's own code runs here, lock by lock; what a program can observe must not differ. */
START_TEST(outcomes_are_the_same_at_the_fine_grain)
{
    expect((size_t)_i, FAN_GRAIN_FINE);
}
END_TEST

int semantics_run(const char *name, const struct semantics_row *rows, size_t count)
{
    TCase *semantics = tcase_create("semantics");
    table = rows;
    tcase_add_checked_fixture(semantics, set_up, tear_down);
    tcase_set_timeout(semantics, 60);
    tcase_add_loop_test(semantics, outcomes_are_those_of_the_table, 0, (int)count);
    tcase_add_loop_test(semantics, outcomes_are_the_same_at_the_fine_grain, 0, (int)count);
    return suite_run(name, semantics);
}
