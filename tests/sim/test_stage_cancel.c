/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* Wherever a stage waits a cancel ends it, and no time passes until then: once it has come there,
 * and at any moment before. */
#define FAN_SIM
#include "base/panic.h"
#include "run/time.h"
#include "sim/random.h"
#include "sync/timer.h"
#include "tests/support/sim_program.h"
#include "tests/support/stuck.h"
#include "tests/support/suite.h"

enum { SCHEDULES = 100 };

static struct fan_sim *sim;
static const struct stuck_place *place;
static bool early;

static void set_up(void)
{
    sim = sim_program_begin();
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

static void cancel(void *unused)
{
    struct stuck stuck;
    (void)unused;
    stuck_begin(&stuck, place);
    if (!early)
        fan_sleep(FAN_SECOND, NULL);
    uint64_t cancelled_ns = fan_now_ns();
    fan_ctx_cancel(&stuck.group.ctx, 0);
    const char *wrong = stuck_end(&stuck, place);
    if (wrong)
        fan_panic("%s: %s", place->name, wrong);
    sim_program_must(fan_now_ns() - cancelled_ns < FAN_MILLISECOND);
}

START_TEST(a_cancel_ends_it_wherever_it_waits)
{
    place = &stuck_places[_i];
    for (uint64_t i = 0; i < SCHEDULES; i++) {
        struct fan_random random = {.state = i};
        early = i % 2;
        enum fan_sim_outcome outcome =
            sim_program_run(&(struct fan_strategy){&fan_strategy_random, &random}, cancel);
        const char *why = outcome == FAN_SIM_FAILED ? sim_program_panic()->message : "";
        ck_assert_msg(outcome == FAN_SIM_FINISHED, "%s: outcome %d: %s", place->name, (int)outcome,
                      why);
        ck_assert_ptr_null(sim_program_notice());
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("stage cancel");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, a_cancel_ends_it_wherever_it_waits, 0, (int)stuck_place_count);
    return suite_run("stage cancel", cases);
}
