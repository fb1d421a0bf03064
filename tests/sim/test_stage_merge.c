/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* A merge in every schedule: nothing is lost or doubled, each input stays in its order, and after a
 * cancel at any moment the output is closed and all threads end. */
#include "stage/merge.h"

#include <errno.h>

#include "run/time.h"
#include "sync/timer.h"
#include "tests/support/feeder.h"
#include "tests/support/sim_stage.h"
#include "tests/support/suite.h"

static struct fan_sim *sim;

static struct plan {
    size_t capacity, output_capacity;
    uint64_t elements;
    bool cancelled;
    bool filled; /* the inputs have all of their elements before the merge begins */
} plan;

static void set_up(void)
{
    sim = sim_program_begin();
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

/* The numbers of input i are i * 10 + 0, 1, ... */
static void merge_two(void *unused)
{
    struct sim_stage stage;
    uint64_t next[2] = {0, 10}, element;
    (void)unused;
    sim_stage_begin(&stage, plan.capacity, plan.output_capacity);
    for (size_t i = 0; i < 2; i++)
        (plan.filled ? sim_stage_fill : sim_stage_feed)(&stage, i, i * 10, i * 10 + plan.elements);
    sim_program_must(fan_merge_go(&stage.pipe, stage.inputs, 2, stage.output, NULL) == 0);
    if (plan.cancelled)
        sim_stage_cancel(&stage);
    while (fan_chan_recv(stage.output, &element, NULL) == 0)
        sim_program_must(element == next[element / 10]++);
    sim_program_must(plan.cancelled || (next[0] == plan.elements && next[1] == 10 + plan.elements));
    sim_stage_end(&stage, 0);
}

static const struct plan plans[] = {
    {.elements = 1},
    {1, 1, .elements = 2},
    {0, 2, .elements = 1, .cancelled = true},
    {1, 1, .elements = 1, .cancelled = true},
    {2, 1, .elements = 2, .cancelled = true, .filled = true},
};
enum { PLANS = sizeof plans / sizeof plans[0] };

START_TEST(every_element_comes_once_and_in_its_order)
{
    plan = plans[_i];
    ck_assert_uint_gt(sim_stage_explore(sim, merge_two), 1);
}
END_TEST

/* ---- in virtual time ---- */

struct sight {
    struct fan_merge_report report;
    struct fan_merge_input inputs[2];
    struct fan_ctx sources;
    uint64_t sum;
};

static void merge_slow(struct sim_stage *stage, struct sight *sight)
{
    struct fan_ctx *sources[] = {NULL, &sight->sources};
    sight->report.inputs = sight->inputs;
    struct fan_merge_options options = {
        .timeout_ns = FAN_SECOND, .report = &sight->report, .sources = sources};
    sim_program_must(fan_merge_go(&stage->pipe, stage->inputs, 2, stage->output, &options) == 0);
}

static int send_late(void *argument, struct fan_ctx *ctx)
{
    struct sim_stage *stage = argument;
    int error = fan_sleep(10 * FAN_SECOND, ctx);
    return error ? error : fan_chan_try_send(stage->inputs[1], &(uint64_t){10});
}

static void receive_all(struct sim_stage *stage, struct sight *sight, uint64_t pause_ns)
{
    uint64_t element;
    for (;; sight->sum += element) {
        sim_program_must(fan_sleep(pause_ns, NULL) == 0);
        if (fan_chan_recv(stage->output, &element, NULL) != 0)
            return;
    }
}

static void leave_out_one(void *unused)
{
    struct sim_stage stage;
    struct sight sight = {0};
    (void)unused;
    fan_ctx_init(&sight.sources, NULL);
    sim_stage_begin(&stage, 1, 1);
    sim_stage_feed(&stage, 0, 1, 3);
    sim_program_must(fan_group_go(&stage.pipe, send_late, &stage) == 0);
    merge_slow(&stage, &sight);
    receive_all(&stage, &sight, 0);
    sim_program_must(sight.sum == 3);
    sim_program_must(sight.report.slow == 1 && fan_merge_live(&sight.report) == 0);
    sim_program_must(sight.inputs[1].slow && !sight.inputs[0].slow);
    sim_program_must(sight.inputs[0].received == 2 && sight.inputs[1].received == 0);
    sim_program_must(fan_ctx_cause(&sight.sources) == ETIMEDOUT);
    sim_stage_end(&stage, 0);
    fan_ctx_destroy(&sight.sources);
}

START_TEST(an_input_that_gives_nothing_for_so_long_is_left_out)
{
    sim_stage_explore(sim, leave_out_one);
}
END_TEST

static void feed_slowly(struct sim_stage *stage, size_t input, uint64_t pause_ns)
{
    struct feeder feeder = {
        .output = stage->inputs[input], .from = 1, .to = 4, .pause_ns = pause_ns};
    sim_program_must(feeder_go(&stage->pipe, &feeder) == 0);
}

static void be_slow_together(void *unused)
{
    struct sim_stage stage;
    struct sight sight = {0};
    (void)unused;
    fan_ctx_init(&sight.sources, NULL);
    sim_stage_begin(&stage, 1, 1);
    feed_slowly(&stage, 0, FAN_SECOND - 1);
    feed_slowly(&stage, 1, FAN_SECOND / 2);
    merge_slow(&stage, &sight);
    receive_all(&stage, &sight, 0);
    sim_program_must(sight.sum == 12 && sight.report.slow == 0);
    sim_stage_end(&stage, 0);
    fan_ctx_destroy(&sight.sources);
}

START_TEST(the_time_counts_anew_from_each_element)
{
    sim_stage_explore(sim, be_slow_together);
}
END_TEST

/* The consumer takes an hour for each; that is no fault of the inputs. */
static void wait_for_the_consumer(void *unused)
{
    struct sim_stage stage;
    struct sight sight = {0};
    (void)unused;
    fan_ctx_init(&sight.sources, NULL);
    sim_stage_begin(&stage, 1, 0);
    sim_stage_feed(&stage, 0, 1, 3);
    sim_stage_feed(&stage, 1, 10, 12);
    merge_slow(&stage, &sight);
    receive_all(&stage, &sight, 3600 * FAN_SECOND);
    sim_program_must(sight.sum == 3 + 21 && sight.report.slow == 0);
    sim_program_must(fan_ctx_error(&sight.sources) == 0);
    sim_stage_end(&stage, 0);
    fan_ctx_destroy(&sight.sources);
}

START_TEST(who_waits_for_a_slow_consumer_is_not_slow)
{
    ck_assert_uint_gt(sim_stage_explore(sim, wait_for_the_consumer), 1);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("merge");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, every_element_comes_once_and_in_its_order, 0, PLANS);
    tcase_add_test(cases, an_input_that_gives_nothing_for_so_long_is_left_out);
    tcase_add_test(cases, the_time_counts_anew_from_each_element);
    tcase_add_test(cases, who_waits_for_a_slow_consumer_is_not_slow);
    return suite_run("merge", cases);
}
