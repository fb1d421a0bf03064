/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* A merge by priority in every schedule: an element of the lower input is never taken while the
 * higher one has any. */
#include "stage/priority.h"

#include "sync/select.h"
#include "tests/support/sim_stage.h"
#include "tests/support/suite.h"

static struct fan_sim *sim;
static bool cancelled;

static void set_up(void)
{
    sim = sim_program_begin();
    cancelled = false;
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

/* One thread sends to the higher input and then to the lower one, so that each of the lower
 * elements is only there after a higher one was. */
static int send_both(void *argument, struct fan_ctx *ctx)
{
    struct sim_stage *stage = argument;
    int error = 0;
    for (uint64_t i = 0; i < 2 && !error; i++) {
        error = fan_chan_send(stage->inputs[0], &i, ctx);
        if (!error)
            error = fan_chan_send(stage->inputs[1], &(uint64_t){10 + i}, ctx);
    }
    fan_chan_close(stage->inputs[0]);
    fan_chan_close(stage->inputs[1]);
    return error;
}

static void take_strictly(void *unused)
{
    struct sim_stage stage;
    uint64_t next[2] = {0, 10}, element;
    (void)unused;
    sim_stage_begin(&stage, 2, 1);
    sim_program_must(fan_group_go(&stage.pipe, send_both, &stage) == 0);
    sim_program_must(fan_priority_go(&stage.pipe, stage.inputs, 2, stage.output, NULL) == 0);
    if (cancelled)
        sim_stage_cancel(&stage);
    while (fan_chan_recv(stage.output, &element, NULL) == 0) {
        sim_program_must(element == next[element / 10]++);
        sim_program_must(element < 10 || next[0] > element - 10);
    }
    sim_program_must(cancelled || (next[0] == 2 && next[1] == 12));
    sim_stage_end(&stage, 0);
}

START_TEST(a_lower_element_is_taken_only_when_there_is_no_higher_one)
{
    ck_assert_uint_gt(sim_stage_explore(sim, take_strictly), 1);
}
END_TEST

START_TEST(a_cancel_may_come_at_any_moment)
{
    cancelled = true;
    ck_assert_uint_gt(sim_stage_explore(sim, take_strictly), 1);
}
END_TEST

/* ---- the textbook's way, which must be seen to fail ---- */

static int look_then_select(void *argument, struct fan_ctx *ctx)
{
    struct sim_stage *stage = argument;
    struct fan_chan **inputs = stage->inputs;
    uint64_t element;
    size_t chosen;
    struct fan_select_case cases[] = {FAN_RECV(inputs[0], &element), FAN_RECV(inputs[1], &element)};
    int error = 0;
    while ((cases[0].chan || cases[1].chan) && !error) {
        if (fan_chan_try_recv(cases[0].chan, &element) != 0) {
            error = fan_select(cases, 2, ctx, &chosen);
            if (!error && cases[chosen].result) {
                cases[chosen].chan = NULL;
                continue;
            }
        }
        if (!error)
            error = fan_chan_send(stage->output, &element, ctx);
    }
    fan_chan_close(stage->output);
    return error;
}

static bool overtaken;

static void look_and_select(void *unused)
{
    struct sim_stage stage;
    uint64_t higher = 0, element;
    (void)unused;
    sim_stage_begin(&stage, 2, 1);
    sim_program_must(fan_group_go(&stage.pipe, send_both, &stage) == 0);
    sim_program_must(fan_group_go(&stage.pipe, look_then_select, &stage) == 0);
    while (fan_chan_recv(stage.output, &element, NULL) == 0) {
        higher += element < 10;
        overtaken |= element >= 10 && higher <= element - 10;
    }
    sim_stage_end(&stage, 0);
}

START_TEST(a_look_and_then_a_select_lets_a_lower_one_overtake)
{
    ck_assert_uint_gt(sim_stage_explore(sim, look_and_select), 1);
    ck_assert(overtaken);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("priority");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, a_lower_element_is_taken_only_when_there_is_no_higher_one);
    tcase_add_test(cases, a_cancel_may_come_at_any_moment);
    tcase_add_test(cases, a_look_and_then_a_select_lets_a_lower_one_overtake);
    return suite_run("priority", cases);
}
