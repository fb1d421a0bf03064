/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* The same storms as of tests/flow/test_storm.c, each in random schedules: here time is virtual, so
 * that how long it takes to end is exact, whatever the machine does.
 *
 * FAN_RUNS=10000 makes more of them; FAN_SEED=7 makes that one alone, in many schedules. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "run/time.h"
#include "sim/random.h"
#include "tests/support/run_memory.h"
#include "tests/support/sim_program.h"
#include "tests/support/storm.h"
#include "tests/support/suite.h"

enum { RUNS = 4000, TASKS = 40, SCHEDULES = 3, AGAIN = 2000 };

/* On the heap: what is static is put back between runs. */
static struct {
    struct storm_plan plan;
    struct storm_seen seen;
    const char *complaint;
} * the;

static uint64_t number_of(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void program(void *unused)
{
    (void)unused;
    the->complaint = "it did not come to its end";
    the->complaint = storm_run(&the->plan, &the->seen);
    sim_program_must(!the->complaint);
}

static bool is_expected(const struct fan_notice *notice)
{
    return notice->kind == FAN_NOTICE_CANCEL_IGNORED && the->seen.error == EBUSY;
}

static void run_once(const struct fan_strategy *strategy, int which)
{
    enum fan_sim_outcome outcome = sim_program_run(strategy, program);
    const struct fan_notice *notice = sim_program_notice();
    uint64_t delay_ns = the->seen.ended_ns ? the->seen.empty_ns - the->seen.ended_ns : 0;
    ck_assert_msg(outcome == FAN_SIM_FINISHED,
                  "%s (outcome %d, returned %d, %d not begun, %d held) in schedule %d of %s",
                  the->complaint, (int)outcome, the->seen.error, (int)the->seen.most_not_begun,
                  (int)the->seen.most_held, which, storm_tell(&the->plan));
    ck_assert_msg(!notice || is_expected(notice), "%s in schedule %d of %s",
                  notice ? notice->message : "", which, storm_tell(&the->plan));
    ck_assert_msg(run_memory_live() == 0, "%zu blocks are left in schedule %d of %s",
                  run_memory_live(), which, storm_tell(&the->plan));
    ck_assert_msg(delay_ns <= 50 * FAN_MILLISECOND, "%" PRIu64 " ns from its end in %s", delay_ns,
                  storm_tell(&the->plan));
}

static void run_seed(struct fan_sim *sim, uint64_t seed, int schedules)
{
    struct fan_random random = {.state = seed};
    storm_plan(&the->plan, seed, TASKS, FAN_SECOND);
    fan_sim_backend_use(sim, FAN_GRAIN_COARSE);
    sim_program_grain(seed % 2 ? FAN_GRAIN_FINE : FAN_GRAIN_COARSE);
    for (int i = 0; i < schedules; i++)
        run_once(&(struct fan_strategy){&fan_strategy_random, &random}, i);
}

START_TEST(whatever_happens_everything_is_accounted_for_within_50_ms)
{
    the = calloc(1, sizeof *the);
    struct fan_sim *sim = sim_program_begin();
    uint64_t runs = number_of("FAN_RUNS", RUNS);
    for (uint64_t seed = 0; seed < runs && !getenv("FAN_SEED"); seed++)
        run_seed(sim, seed, SCHEDULES);
    if (getenv("FAN_SEED"))
        run_seed(sim, number_of("FAN_SEED", 0), AGAIN);
    fan_sim_free(sim);
    free(the);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("storm");
    tcase_set_timeout(cases, getenv("FAN_RUNS") ? 0 : 60);
    tcase_add_test(cases, whatever_happens_everything_is_accounted_for_within_50_ms);
    return suite_run("storm", cases);
}
