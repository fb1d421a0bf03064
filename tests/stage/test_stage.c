#include "stage/stage.h"

#include <errno.h>

#include "base/panic.h"
#include "run/thread.h"
#include "sync/chan.h"
#include "tests/support/suite.h"

static struct fan_group pipe_group;
static struct fan_chan *numbers;

struct counter {
    int from, to;
    struct fan_chan *output;
};

static void set_up(void)
{
    numbers = fan_chan_new("numbers", sizeof(int), 0);
    fan_group_init(&pipe_group, &(struct fan_group_options){.name = "pipe"});
}

static void tear_down(void)
{
    fan_group_destroy(&pipe_group);
    fan_chan_free(numbers);
}

static int send_all(void *state, struct fan_ctx *ctx)
{
    struct counter *counter = state;
    int error = 0;
    for (int i = counter->from; i < counter->to && !error; i++)
        error = fan_chan_send(counter->output, &i, ctx);
    return error;
}

static int fall(void *state, struct fan_ctx *ctx)
{
    (void)state, (void)ctx;
    fan_panic("a stage falls");
}

static void close_output(void *state)
{
    fan_chan_close(((struct counter *)state)->output);
}

static void start(int (*run)(void *, struct fan_ctx *), int from, int to)
{
    struct counter counter = {from, to, numbers};
    ck_assert_int_eq(fan_stage_go(&pipe_group, run, close_output, &counter, sizeof counter), 0);
}

START_TEST(a_stage_has_a_copy_of_its_state_and_closes_its_output)
{
    int number, sum = 0;
    start(send_all, 1, 11);
    while (fan_chan_recv(numbers, &number, NULL) == 0)
        sum += number;
    ck_assert_int_eq(sum, 55);
    ck_assert_int_eq(fan_group_wait(&pipe_group), 0);
}
END_TEST

START_TEST(a_cancelled_stage_closes_its_output)
{
    start(send_all, 0, 1000);
    fan_ctx_cancel(&pipe_group.ctx, ECANCELED);
    ck_assert_int_eq(fan_group_wait(&pipe_group), ECANCELED);
    ck_assert_int_eq(fan_chan_recv(numbers, NULL, NULL), EPIPE);
}
END_TEST

START_TEST(a_stage_that_panics_closes_its_output_and_fails_the_group)
{
    start(fall, 0, 0);
    ck_assert_int_eq(fan_chan_recv(numbers, NULL, NULL), EPIPE);
    ck_assert_int_eq(fan_group_wait(&pipe_group), ENOTRECOVERABLE);
}
END_TEST

static int look_behind(void *state, struct fan_ctx *ctx)
{
    struct counter *counter = state;
    const char *behind = (const char *)(counter + 1);
    for (int i = 0; i < counter->to; i++)
        if (behind[i] != 0)
            return EILSEQ;
    return send_all(state, ctx);
}

START_TEST(a_stage_may_have_room_behind_its_state)
{
    struct counter counter = {0, 100, numbers};
    fan_stage_go_with(&pipe_group, look_behind, close_output, &counter, sizeof counter, 100);
    while (fan_chan_recv(numbers, NULL, NULL) == 0)
        continue;
    ck_assert_int_eq(fan_group_wait(&pipe_group), 0);
}
END_TEST

START_TEST(a_stage_with_more_room_than_there_is_ends_the_pipeline)
{
    struct counter counter = {0, 1, numbers};
    ck_assert_int_eq(
        fan_stage_go_with(&pipe_group, send_all, close_output, &counter, sizeof counter, SIZE_MAX),
        ENOMEM);
    ck_assert_int_eq(fan_ctx_cause(&pipe_group.ctx), ENOMEM);
}
END_TEST

START_TEST(a_stage_that_cannot_be_started_ends_the_pipeline)
{
    struct counter counter = {0, 0, numbers};
    start(send_all, 0, 1000);
    fan_thread_set_budget(1);
    int error = fan_stage_go(&pipe_group, send_all, close_output, &counter, sizeof counter);
    fan_thread_set_budget(0);
    ck_assert_int_eq(error, EAGAIN);
    ck_assert_int_eq(fan_group_wait(&pipe_group), EAGAIN);
    ck_assert_int_eq(fan_chan_recv(numbers, NULL, NULL), EPIPE);
}
END_TEST

START_TEST(a_stage_that_says_so_ends_the_pipeline)
{
    start(send_all, 0, 1000);
    ck_assert_int_eq(fan_stage_fail(&pipe_group, EINVAL), EINVAL);
    ck_assert_int_eq(fan_ctx_cause(&pipe_group.ctx), EINVAL);
    ck_assert_int_eq(fan_group_wait(&pipe_group), EINVAL);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("stage");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_stage_has_a_copy_of_its_state_and_closes_its_output);
    tcase_add_test(cases, a_cancelled_stage_closes_its_output);
    tcase_add_test(cases, a_stage_that_panics_closes_its_output_and_fails_the_group);
    tcase_add_test(cases, a_stage_may_have_room_behind_its_state);
    tcase_add_test(cases, a_stage_with_more_room_than_there_is_ends_the_pipeline);
    tcase_add_test(cases, a_stage_that_cannot_be_started_ends_the_pipeline);
    tcase_add_test(cases, a_stage_that_says_so_ends_the_pipeline);
    return suite_run("stage", cases);
}
