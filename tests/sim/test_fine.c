/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* The library's own code, explored lock by lock and atomic by atomic: each small program is proved
 * at the fine grain, and comes to just the outcomes that it comes to at the coarse one, where an
 * operation is a step. Nothing that it does is a race. (A few are too large for a proof there, and
 * are run under many random schedules.)
 *
 * FAN_FINE_CLASSES=1 prints how many classes of schedules there were. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/dpor.h"
#include "sim/random.h"
#include "tests/support/sim_program.h"
#include "tests/support/suite.h"
#include "tests/support/sync_programs.h"

enum { OUTCOMES = 64, MOST_RUNS = 200000, SAMPLES = 20000 };

struct explored {
    uint32_t count;
    uint64_t outcomes[OUTCOMES];
    struct fan_dpor_report report;
};

static struct fan_sim *sim;
static const struct sync_program *current;

static void program(void *unused)
{
    (void)unused;
    sync_program_run(current);
}

static uint64_t mix(uint64_t hash, uint64_t what)
{
    hash = (hash ^ what) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

/* What a run came to. A panic cuts off what the others would have done, at each grain elsewhere. */
static uint64_t outcome_of(enum fan_sim_outcome outcome)
{
    uint64_t hash = mix(1, outcome);
    if (outcome == FAN_SIM_FAILED) {
        for (const char *at = sim_program_panic()->message; *at; at++)
            hash = mix(hash, (unsigned char)*at);
        return hash;
    }
    for (uint32_t i = 0; i < fan_sim_thread_count(sim); i++)
        hash = mix(hash, fan_sim_thread_ended(sim, i));
    return mix(hash, sync_program_seen());
}

static void add(struct explored *explored, uint64_t outcome)
{
    for (uint32_t i = 0; i < explored->count; i++)
        if (explored->outcomes[i] == outcome)
            return;
    ck_assert_uint_lt(explored->count, OUTCOMES);
    explored->outcomes[explored->count++] = outcome;
}

static void explore(const struct fan_strategy *strategy, uint32_t most, struct explored *explored)
{
    explored->count = 0;
    do {
        enum fan_sim_outcome outcome = sim_program_run(strategy, program);
        const struct fan_notice *notice = sim_program_notice();
        if (notice)
            ck_abort_msg("%s, %s: %s", current->object, current->name, notice->message);
        if (outcome != FAN_SIM_ABANDONED)
            add(explored, outcome_of(outcome));
    } while (strategy->kind->end(strategy->state, sim) && --most > 0);
}

static void prove(enum fan_grain grain, struct explored *explored)
{
    struct fan_dpor *dpor = fan_dpor_new(NULL);
    sim_program_grain(grain);
    explore(&(struct fan_strategy){&fan_strategy_dpor, dpor}, MOST_RUNS, explored);
    explored->report = fan_dpor_report(dpor);
    fan_dpor_free(dpor);
}

static void sample(enum fan_grain grain, struct explored *explored)
{
    struct fan_random random = {.state = 1};
    sim_program_grain(grain);
    explore(&(struct fan_strategy){&fan_strategy_random, &random}, SAMPLES, explored);
    explored->report = (struct fan_dpor_report){.runs = SAMPLES};
}

static bool holds(const struct explored *explored, uint64_t outcome)
{
    for (uint32_t i = 0; i < explored->count; i++)
        if (explored->outcomes[i] == outcome)
            return true;
    return false;
}

static void expect_same_outcomes(const struct explored *coarse, const struct explored *fine)
{
    for (uint32_t i = 0; i < coarse->count; i++)
        ck_assert_msg(holds(fine, coarse->outcomes[i]), "%s, %s: not seen at the fine grain",
                      current->object, current->name);
    ck_assert_msg(fine->count == coarse->count, "%s, %s: %u outcomes at the fine grain, not %u",
                  current->object, current->name, fine->count, coarse->count);
}

START_TEST(both_grains_come_to_the_same)
{
    struct explored coarse, fine;
    current = sync_program((size_t)_i);
    prove(FAN_GRAIN_COARSE, &coarse);
    if (current->sampled)
        sample(FAN_GRAIN_FINE, &fine);
    else
        prove(FAN_GRAIN_FINE, &fine);
    if (getenv("FAN_FINE_CLASSES"))
        printf("%-10s %-36s %4llu %8llu classes, %8llu runs, %u %u outcomes\n", current->object,
               current->name, (unsigned long long)coarse.report.classes,
               (unsigned long long)fine.report.classes, (unsigned long long)fine.report.runs,
               coarse.count, fine.count);
    fflush(stdout);
    ck_assert(coarse.report.complete);
    ck_assert_msg(fine.report.complete != current->sampled, "%s, %s", current->object,
                  current->name);
    expect_same_outcomes(&coarse, &fine);
    ck_assert_uint_eq(coarse.count, current->outcomes);
}
END_TEST

static void set_up(void)
{
    sim = sim_program_begin();
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

/* Those of one object, from number `begin` on; returns where the next one's begin. */
static int add_cases(Suite *suite, int begin)
{
    const char *object = sync_program((size_t)begin)->object;
    TCase *cases = tcase_create(object);
    int end = begin;
    while (sync_program((size_t)end)->object &&
           strcmp(sync_program((size_t)end)->object, object) == 0)
        end++;
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, both_grains_come_to_the_same, begin, end);
    suite_add_tcase(suite, cases);
    return end;
}

int main(void)
{
    Suite *suite = suite_create("the library at the fine grain");
    for (int at = 0; sync_program((size_t)at)->object;)
        at = add_cases(suite, at);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
