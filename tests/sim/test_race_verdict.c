/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* The race verdict under the controlled scheduler, of programs whose verdict is known, and by
 * ThreadSanitizer too: tests/sync/test_race_verdict.c. */
#define FAN_SIM
#include <string.h>

#include "sim/random.h"
#include "tests/support/race_programs.h"
#include "tests/support/sim_program.h"
#include "tests/support/suite.h"

enum { SCHEDULES = 300 };

static const struct race_program *current;

static void program(void *unused)
{
    (void)unused;
    race_program_run(current);
}

/* In how many of SCHEDULES random schedules of a program a race is noticed. */
static uint32_t count_races(const struct race_program *which)
{
    struct fan_random random = {.state = 1};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    uint32_t races = 0;
    current = which;
    for (int run = 0; run < SCHEDULES; run++) {
        ck_assert_int_eq(sim_program_run(&strategy, program), FAN_SIM_FINISHED);
        const struct fan_notice *notice = sim_program_notice();
        races += notice && notice->kind == FAN_NOTICE_RACE;
    }
    return races;
}

START_TEST(a_program_races_or_does_not)
{
    const struct race_program *which = &race_programs[_i];
    struct fan_sim *sim = sim_program_begin();
    uint32_t races = count_races(which);
    ck_assert_msg((races > 0) == which->races, "%s: %u of %d", which->name, races, SCHEDULES);
    fan_sim_free(sim);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("cases");
    tcase_add_loop_test(cases, a_program_races_or_does_not, 0, RACE_PROGRAMS);
    return suite_run("race verdict", cases);
}
