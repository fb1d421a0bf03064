#include "stage/first_good.h"

#include <errno.h>

#include "base/panic.h"
#include "run/thread.h"
#include "tests/support/suite.h"

enum { MOST = FAN_FIRST_GOOD_MOST + 1 };

struct answer {
    int value, error;
};

static struct fan_group pipe_group;
static struct fan_chan *inputs[MOST], *output;
static struct fan_ctx upstream;
static struct fan_report report;

static int error_of(const void *element)
{
    return ((const struct answer *)element)->error;
}

static void set_up(void)
{
    fan_group_init(&pipe_group, &(struct fan_group_options){.name = "pipe"});
    fan_ctx_init(&upstream, NULL);
    for (int i = 0; i < MOST; i++)
        inputs[i] = fan_chan_new("input", sizeof(struct answer), 8);
    output = fan_chan_new("output", sizeof(struct answer), 0);
}

static void tear_down(void)
{
    fan_report_free(&report);
    fan_group_destroy(&pipe_group);
    fan_ctx_destroy(&upstream);
    for (int i = 0; i < MOST; i++)
        fan_chan_free(inputs[i]);
    fan_chan_free(output);
    fan_thread_wait_all();
    ck_assert_uint_eq(fan_thread_count(), 0);
}

static void answer(int input, int value, int error)
{
    ck_assert_int_eq(fan_chan_send(inputs[input], &(struct answer){value, error}, NULL), 0);
}

static int start(size_t count)
{
    return fan_first_good_go(
        &pipe_group, inputs, count, output, error_of,
        &(struct fan_first_good_options){.upstream = &upstream, .report = &report});
}

START_TEST(the_first_without_an_error_is_handed_on)
{
    struct answer got;
    ck_assert_int_eq(start(3), 0);
    answer(0, 1, EIO);
    answer(2, 2, 0);
    ck_assert_int_eq(fan_chan_recv(output, &got, NULL), 0);
    ck_assert_int_eq(got.value, 2);
    answer(1, 3, 0);
    for (int i = 0; i < 3; i++)
        fan_chan_close(inputs[i]);
    ck_assert_int_eq(fan_chan_recv(output, &got, NULL), EPIPE);
    ck_assert_int_eq(fan_group_wait(&pipe_group), 0);
    ck_assert_int_eq(fan_ctx_error(&upstream), ECANCELED);
    ck_assert_uint_eq(report.submitted, 3);
    ck_assert_uint_eq(report.done, 1);
    ck_assert_uint_eq(report.failed + report.dropped, 2);
}
END_TEST

/* As long as they send: nobody is left blocked although nobody cancels him. */
START_TEST(what_comes_later_is_received_and_dropped)
{
    struct answer got;
    ck_assert_int_eq(fan_first_good_go(&pipe_group, inputs, 2, output, error_of, NULL), 0);
    answer(0, 1, 0);
    ck_assert_int_eq(fan_chan_recv(output, &got, NULL), 0);
    for (int i = 0; i < 100; i++)
        answer(i % 2, i, i % 3);
    for (int i = 0; i < 2; i++)
        fan_chan_close(inputs[i]);
    ck_assert_int_eq(fan_chan_recv(output, &got, NULL), EPIPE);
    ck_assert_int_eq(fan_group_wait(&pipe_group), 0);
}
END_TEST

START_TEST(if_all_fail_their_errors_are_listed_and_the_first_is_the_stages)
{
    answer(1, 0, EIO);
    answer(1, 0, EPERM);
    fan_chan_close(inputs[1]);
    ck_assert_int_eq(start(3), 0);
    while (fan_chan_length(inputs[1]) > 0)
        continue;
    answer(2, 0, ERANGE);
    fan_chan_close(inputs[0]);
    fan_chan_close(inputs[2]);
    ck_assert_int_eq(fan_chan_recv(output, NULL, NULL), EPIPE);
    int error = fan_group_wait(&pipe_group);
    ck_assert(error == EIO || error == ERANGE);
    ck_assert_int_eq(fan_ctx_error(&upstream), 0);
    ck_assert_uint_eq(report.submitted, 3);
    ck_assert_uint_eq(report.failed, 3);
    ck_assert_uint_eq(report.error_count, 2);
    ck_assert_uint_eq(report.errors[0].index, 1);
    ck_assert_int_eq(report.errors[0].error, EIO);
    ck_assert_uint_eq(report.errors[1].index, 2);
    ck_assert_int_eq(report.errors[1].error, ERANGE);
}
END_TEST

START_TEST(if_nothing_comes_there_is_nothing)
{
    ck_assert_int_eq(start((size_t)_i), 0);
    for (int i = 0; i < _i; i++)
        fan_chan_close(inputs[i]);
    ck_assert_int_eq(fan_chan_recv(output, NULL, NULL), EPIPE);
    ck_assert_int_eq(fan_group_wait(&pipe_group), ENODATA);
}
END_TEST

static int fall(const void *element)
{
    (void)element;
    fan_panic("no answer can be looked at");
}

START_TEST(a_panic_of_the_function_closes_the_output)
{
    struct fan_first_good_options options = {.report = &report};
    ck_assert_int_eq(fan_first_good_go(&pipe_group, inputs, 1, output, fall, &options), 0);
    answer(0, 1, 0);
    ck_assert_int_eq(fan_chan_recv(output, NULL, NULL), EPIPE);
    ck_assert_int_eq(fan_group_wait(&pipe_group), ENOTRECOVERABLE);
    ck_assert_uint_eq(report.submitted, 1);
    ck_assert_uint_eq(report.failed, 1);
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
    ck_assert_int_eq(
        fan_first_good_go(&pipe_group, inputs, _i ? MOST : 1, output, _i ? error_of : NULL, NULL),
        EINVAL);
    ck_assert_int_eq(fan_ctx_cause(&pipe_group.ctx), EINVAL);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("first_good");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, the_first_without_an_error_is_handed_on);
    tcase_add_test(cases, what_comes_later_is_received_and_dropped);
    tcase_add_test(cases, if_all_fail_their_errors_are_listed_and_the_first_is_the_stages);
    tcase_add_loop_test(cases, if_nothing_comes_there_is_nothing, 0, 3);
    tcase_add_test(cases, a_panic_of_the_function_closes_the_output);
    tcase_add_loop_test(cases, what_does_not_fit_is_refused, 0, 2);
    return suite_run("first_good", cases);
}
