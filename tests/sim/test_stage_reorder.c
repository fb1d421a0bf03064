/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* Tag and reorder in every schedule: the order holds, what is missing is given up exactly when it
 * is said to be, and a cancel may come at any moment. */
#include "stage/reorder.h"

#include <errno.h>

#include "run/time.h"
#include "stage/tag.h"
#include "sync/timer.h"
#include "sync/waitgroup.h"
#include "tests/support/sim_stage.h"
#include "tests/support/suite.h"

static struct fan_sim *sim;
static bool cancelled;
static enum fan_reorder_hold hold;

static void set_up(void)
{
    sim = sim_program_begin();
    cancelled = false;
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

static uint64_t itself(const void *element)
{
    return *(const uint64_t *)element;
}

/* ---- two workers ----------------------------------------------------------------------------- */

struct tagged {
    struct fan_tag tag;
    uint64_t value;
};

struct pool {
    struct fan_chan *tagged, *answers, *in_order, *room;
    struct fan_waitgroup working;
};

static int work(void *argument, struct fan_ctx *ctx)
{
    struct pool *pool = argument;
    struct tagged item;
    int error = 0;
    while (!error && (error = fan_chan_recv(pool->tagged, &item, ctx)) == 0)
        error = fan_chan_send(pool->answers, &item, ctx);
    fan_waitgroup_done(&pool->working);
    return error == EPIPE ? 0 : error;
}

static int close_after(void *argument, struct fan_ctx *ctx)
{
    struct pool *pool = argument;
    (void)ctx;
    fan_waitgroup_wait(&pool->working, NULL);
    fan_chan_close(pool->answers);
    return 0;
}

enum { ELEMENTS = 2, WINDOW = 2 };

static void start_pool(struct sim_stage *stage, struct pool *pool)
{
    *pool = (struct pool){.tagged = fan_chan_new("tagged", sizeof(struct tagged), ELEMENTS),
                          .answers = fan_chan_new("answers", sizeof(struct tagged), ELEMENTS),
                          .in_order = fan_chan_new("in order", sizeof(struct tagged), ELEMENTS),
                          .room = fan_chan_new("room", 1, WINDOW)};
    struct fan_tag_options tag = {.room = pool->room};
    struct fan_reorder_options options = {.window = WINDOW, .room = pool->room, .hold = hold};
    fan_waitgroup_add(&pool->working, 2);
    sim_program_must(fan_tag_go(&stage->pipe, stage->inputs[0], pool->tagged, &tag) == 0);
    for (int i = 0; i < 2; i++)
        sim_program_must(fan_group_go(&stage->pipe, work, pool) == 0);
    sim_program_must(fan_group_go(&stage->pipe, close_after, pool) == 0);
    sim_program_must(fan_reorder_go(&stage->pipe, pool->answers, pool->in_order, &options) == 0);
}

static void free_pool(struct pool *pool)
{
    fan_waitgroup_destroy(&pool->working);
    fan_chan_free(pool->tagged);
    fan_chan_free(pool->answers);
    fan_chan_free(pool->in_order);
    fan_chan_free(pool->room);
}

static void tag_work_reorder(void *unused)
{
    struct sim_stage stage;
    struct pool pool;
    struct tagged item;
    uint64_t came = 0;
    (void)unused;
    sim_stage_begin(&stage, ELEMENTS, 1);
    sim_stage_fill(&stage, 0, 0, ELEMENTS);
    fan_chan_close(stage.output);
    start_pool(&stage, &pool);
    if (cancelled)
        sim_stage_cancel(&stage);
    for (; fan_chan_recv(pool.in_order, &item, NULL) == 0; came++)
        sim_program_must(item.tag.number == came && item.value == came);
    sim_program_must(cancelled || came == ELEMENTS);
    sim_stage_end(&stage, 0);
    free_pool(&pool);
}

START_TEST(two_workers_answer_in_order)
{
    hold = (enum fan_reorder_hold)_i;
    ck_assert_uint_gt(sim_stage_explore(sim, tag_work_reorder), 1);
}
END_TEST

/* ---- in virtual time ------------------------------------------------------------------------- */

struct plan {
    size_t window;
    uint64_t at_second[3]; /* when each number is sent; 0 = never */
};

static struct plan plan;

static int send_as_planned(void *argument, struct fan_ctx *ctx)
{
    struct sim_stage *stage = argument;
    int error = 0;
    for (uint64_t second = 1; second < 10 && !error; second++) {
        error = fan_sleep(FAN_SECOND, ctx);
        for (uint64_t i = 0; i < 3 && !error; i++)
            if (plan.at_second[i] == second)
                error = fan_chan_send(stage->inputs[0], &i, ctx);
    }
    fan_chan_close(stage->inputs[0]);
    return error;
}

static uint64_t came_after[3];

static void wait_so_long(void *unused)
{
    struct sim_stage stage;
    struct fan_reorder_report report;
    uint64_t began_ns = fan_now_ns(), element;
    struct fan_reorder_options options = {.number_of = itself,
                                          .window = plan.window,
                                          .hold = hold,
                                          .when_missing = FAN_REORDER_TIMEOUT,
                                          .timeout_ns = 2 * FAN_SECOND + FAN_SECOND / 2,
                                          .report = &report};
    (void)unused;
    sim_stage_begin(&stage, 1, 1);
    sim_program_must(fan_group_go(&stage.pipe, send_as_planned, &stage) == 0);
    sim_program_must(fan_reorder_go(&stage.pipe, stage.inputs[0], stage.output, &options) == 0);
    for (int i = 0; i < 3; i++)
        came_after[i] = 0;
    while (fan_chan_recv(stage.output, &element, NULL) == 0)
        came_after[element] = fan_now_ns() - began_ns;
    sim_stage_end(&stage, 0);
}

/* Number 1 comes first and is held for so long; number 0 is late; number 2 waits for nobody. */
START_TEST(a_missing_number_is_given_up_exactly_then)
{
    hold = (enum fan_reorder_hold)_i;
    plan = (struct plan){2, {7, 1, 8}};
    sim_stage_explore(sim, wait_so_long);
    ck_assert_uint_eq(came_after[0], 0);
    ck_assert_uint_eq(came_after[1], 3 * FAN_SECOND + FAN_SECOND / 2);
    ck_assert_uint_eq(came_after[2], 8 * FAN_SECOND);
}
END_TEST

START_TEST(a_number_that_comes_in_time_is_not_given_up)
{
    hold = (enum fan_reorder_hold)_i;
    plan = (struct plan){3, {3, 1, 2}};
    sim_stage_explore(sim, wait_so_long);
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(came_after[i], 3 * FAN_SECOND);
}
END_TEST

START_TEST(the_one_that_has_waited_longest_decides)
{
    hold = (enum fan_reorder_hold)_i;
    plan = (struct plan){3, {0, 1, 3}};
    sim_stage_explore(sim, wait_so_long);
    ck_assert_uint_eq(came_after[1], 3 * FAN_SECOND + FAN_SECOND / 2);
    ck_assert_uint_eq(came_after[2], 3 * FAN_SECOND + FAN_SECOND / 2);
}
END_TEST

/* Number 2 does not fit into a ring of two while 0 is waited for: it waits in hand, by itself. */
START_TEST(one_that_does_not_fit_waits_as_long)
{
    hold = (enum fan_reorder_hold)_i;
    plan = (struct plan){2, {0, 0, 1}};
    sim_stage_explore(sim, wait_so_long);
    ck_assert_uint_eq(came_after[2], 3 * FAN_SECOND + FAN_SECOND / 2);
}
END_TEST

/* ---- cancelled ------------------------------------------------------------------------------- */

static enum fan_reorder_missing when_missing;

static int send_in_disorder(void *argument, struct fan_ctx *ctx)
{
    struct sim_stage *stage = argument;
    int error = 0;
    for (uint64_t i = 0; i < 3 && !error; i++)
        error = fan_chan_send(stage->inputs[0], &(uint64_t){2 - i}, ctx);
    fan_chan_close(stage->inputs[0]);
    return error;
}

static void reorder_three(void *unused)
{
    struct sim_stage stage;
    uint64_t element, lowest = 0, window = when_missing == FAN_REORDER_STALL ? 3 : 1;
    struct fan_reorder_options options = {.number_of = itself,
                                          .window = window,
                                          .hold = hold,
                                          .when_missing = when_missing,
                                          .timeout_ns = FAN_SECOND};
    (void)unused;
    sim_stage_begin(&stage, 1, 1);
    sim_program_must(fan_group_go(&stage.pipe, send_in_disorder, &stage) == 0);
    sim_program_must(fan_reorder_go(&stage.pipe, stage.inputs[0], stage.output, &options) == 0);
    sim_stage_cancel(&stage);
    for (; fan_chan_recv(stage.output, &element, NULL) == 0; lowest = element + 1)
        sim_program_must(element >= lowest);
    sim_stage_end(&stage, 0);
}

START_TEST(a_cancel_may_come_at_any_moment)
{
    hold = (enum fan_reorder_hold)(_i % 2);
    when_missing = (enum fan_reorder_missing)(_i / 2);
    ck_assert_uint_gt(sim_stage_explore(sim, reorder_three), 1);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("reorder");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, two_workers_answer_in_order, 0, 2);
    tcase_add_loop_test(cases, a_missing_number_is_given_up_exactly_then, 0, 2);
    tcase_add_loop_test(cases, a_number_that_comes_in_time_is_not_given_up, 0, 2);
    tcase_add_loop_test(cases, the_one_that_has_waited_longest_decides, 0, 2);
    tcase_add_loop_test(cases, one_that_does_not_fit_waits_as_long, 0, 1);
    tcase_add_loop_test(cases, a_cancel_may_come_at_any_moment, 0, 6);
    return suite_run("reorder", cases);
}
