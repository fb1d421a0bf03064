/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* The ordered merge by turns, the first good one, and until, in every schedule. */
#include <errno.h>

#include "run/thread.h"
#include "stage/first_good.h"
#include "stage/ordered.h"
#include "stage/until.h"
#include "tests/support/sim_stage.h"
#include "tests/support/suite.h"

static struct fan_sim *sim;
static bool cancelled;

static void set_up(void)
{
    sim = sim_program_begin();
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

/* ---- by turns -------------------------------------------------------------------------------- */

static const uint64_t given[] = {0, 10, 1, 11};

static void take_turns(void *unused)
{
    struct sim_stage stage;
    uint64_t element, came = 0;
    (void)unused;
    sim_stage_begin(&stage, 1, 1);
    sim_stage_feed(&stage, 0, 0, 2);
    sim_stage_feed(&stage, 1, 10, 12);
    sim_program_must(fan_ordered_go(&stage.pipe, stage.inputs, 2, stage.output) == 0);
    if (cancelled)
        sim_stage_cancel(&stage);
    for (; fan_chan_recv(stage.output, &element, NULL) == 0; came++)
        sim_program_must(came < 4 && element == given[came]);
    sim_program_must(cancelled || came == 4);
    sim_stage_end(&stage, 0);
}

START_TEST(turns_are_the_order_whatever_the_schedule)
{
    cancelled = _i;
    ck_assert_uint_gt(sim_stage_explore(sim, take_turns), 1);
}
END_TEST

/* ---- the first good one ---------------------------------------------------------------------- */

/* The good ones are below 10. */
static int error_of(const void *element)
{
    return *(const uint64_t *)element < 10 ? 0 : ERANGE;
}

static uint64_t sources;

static void look_for_a_good_one(void *unused)
{
    struct sim_stage stage;
    struct fan_report report = {0};
    uint64_t element, came = 0;
    (void)unused;
    sim_stage_begin(&stage, 1, 1);
    for (uint64_t i = 0; i < 2; i++)
        sim_stage_feed(&stage, i, i < sources ? i : 10, i < sources ? i + 1 : 11);
    struct fan_first_good_options options = {.report = &report};
    sim_program_must(
        fan_first_good_go(&stage.pipe, stage.inputs, 2, stage.output, error_of, &options) == 0);
    if (cancelled)
        sim_stage_cancel(&stage);
    for (; fan_chan_recv(stage.output, &element, NULL) == 0; came++)
        sim_program_must(element < sources);
    sim_program_must(cancelled ? came < 2 : came == (sources > 0));
    sim_stage_end(&stage, sources ? 0 : ERANGE);
    sim_program_must(report.submitted == report.done + report.failed + report.dropped);
    sim_program_must(report.done == came && (cancelled || report.submitted == 2));
    fan_report_free(&report);
}

START_TEST(there_is_one_or_the_stage_fails)
{
    sources = (uint64_t)_i;
    cancelled = false;
    ck_assert_uint_gt(sim_stage_explore(sim, look_for_a_good_one), 1);
}
END_TEST

START_TEST(a_cancel_may_come_at_any_moment)
{
    sources = 2;
    cancelled = true;
    ck_assert_uint_gt(sim_stage_explore(sim, look_for_a_good_one), 1);
}
END_TEST

/* ---- until ----------------------------------------------------------------------------------- */

static void signal_and_give(void *argument)
{
    struct sim_stage *stage = argument;
    sim_stage_fill(stage, 1, 0, 1);
    sim_stage_fill(stage, 0, 0, 1);
}

/* The signal is there before the element, wherever the stage is meanwhile. */
static void stop_before_the_first(void *unused)
{
    struct sim_stage stage;
    struct fan_thread *giver;
    (void)unused;
    sim_stage_begin(&stage, 1, 1);
    sim_program_must(fan_thread_spawn(NULL, signal_and_give, &stage, &giver) == 0);
    struct fan_until_options options = {.signal = stage.inputs[1]};
    sim_program_must(fan_until_go(&stage.pipe, stage.inputs[0], stage.output, &options) == 0);
    sim_program_must(fan_chan_recv(stage.output, NULL, NULL) == EPIPE);
    fan_thread_join(giver);
    sim_stage_end(&stage, 0);
}

START_TEST(a_signal_wins_over_an_element_that_is_there_too)
{
    ck_assert_uint_gt(sim_stage_explore(sim, stop_before_the_first), 1);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("fan_in");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, turns_are_the_order_whatever_the_schedule, 0, 2);
    tcase_add_loop_test(cases, there_is_one_or_the_stage_fails, 0, 3);
    tcase_add_test(cases, a_cancel_may_come_at_any_moment);
    tcase_add_test(cases, a_signal_wins_over_an_element_that_is_there_too);
    return suite_run("fan_in", cases);
}
