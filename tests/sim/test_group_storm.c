/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* The same storms as of tests/flow/test_group_storm.c, each in random schedules. */
#include <stdlib.h>

#include "sim/random.h"
#include "tests/support/group_storm.h"
#include "tests/support/run_memory.h"
#include "tests/support/sim_program.h"
#include "tests/support/suite.h"

enum { RUNS = 3000, SCHEDULES = 3 };

/* On the heap: what is static is put back between runs. */
static struct {
    uint64_t seed;
    const char *complaint;
} * the;

static void program(void *unused)
{
    (void)unused;
    the->complaint = "it did not come to its end";
    the->complaint = group_storm_run(the->seed);
    sim_program_must(!the->complaint);
}

static void run_seed(struct fan_sim *sim, uint64_t seed)
{
    struct fan_random random = {.state = seed};
    the->seed = seed;
    fan_sim_backend_use(sim, FAN_GRAIN_COARSE);
    sim_program_grain(seed % 2 ? FAN_GRAIN_FINE : FAN_GRAIN_COARSE);
    for (int i = 0; i < SCHEDULES; i++) {
        enum fan_sim_outcome outcome =
            sim_program_run(&(struct fan_strategy){&fan_strategy_random, &random}, program);
        ck_assert_msg(outcome == FAN_SIM_FINISHED, "%s (outcome %d) in schedule %d of seed %llu",
                      the->complaint, (int)outcome, i, (unsigned long long)seed);
        ck_assert_msg(!sim_program_notice(), "a notice with seed %llu", (unsigned long long)seed);
        ck_assert_uint_eq(run_memory_live(), 0);
    }
}

START_TEST(whatever_happens_the_group_waits_for_all_and_says_why_it_ended)
{
    const char *runs = getenv("FAN_RUNS");
    the = calloc(1, sizeof *the);
    struct fan_sim *sim = sim_program_begin();
    for (uint64_t seed = 0; seed < (runs ? strtoull(runs, NULL, 10) : RUNS); seed++)
        run_seed(sim, seed);
    fan_sim_free(sim);
    free(the);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("storm");
    tcase_set_timeout(cases, getenv("FAN_RUNS") ? 0 : 60);
    tcase_add_test(cases, whatever_happens_the_group_waits_for_all_and_says_why_it_ended);
    return suite_run("group_storm", cases);
}
