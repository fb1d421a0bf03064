#include "stage/merge.h"

#include <errno.h>

#include "run/thread.h"
#include "run/time.h"
#include "sync/timer.h"
#include "tests/support/fan_in.h"
#include "tests/support/feeder.h"
#include "tests/support/suite.h"

enum { INPUTS = 70, ELEMENTS = 200, SOURCE = 1000 };

static struct fan_group pipe_group;
static struct fan_chan *inputs[INPUTS], *output;

static void set_up(void)
{
    fan_group_init(&pipe_group, &(struct fan_group_options){.name = "pipe"});
}

static void make_channels(size_t capacity)
{
    fan_in_make(inputs, INPUTS, &output, capacity);
}

static void tear_down(void)
{
    fan_in_end(&pipe_group, inputs, INPUTS, output);
}

/* Source i gives i * SOURCE + 0, 1, ... */
static void feed(size_t count)
{
    for (uint64_t i = 0; i < count; i++)
        ck_assert_int_eq(feeder_go(&pipe_group, &(struct feeder){.output = inputs[i],
                                                                 .from = i * SOURCE,
                                                                 .to = i * SOURCE + ELEMENTS}),
                         0);
}

static void check_all_comes(size_t count)
{
    uint64_t next[INPUTS] = {0}, element;
    while (fan_chan_recv(output, &element, NULL) == 0) {
        ASSERT_OFTEN(element / SOURCE < count);
        ASSERT_OFTEN(element % SOURCE == next[element / SOURCE]++);
    }
    for (size_t i = 0; i < count; i++)
        ck_assert_uint_eq(next[i], ELEMENTS);
}

static const size_t counts[] = {0, 1, 2, 31, 32, 62, 63, 70};
enum { COUNTS = sizeof counts / sizeof counts[0] };

START_TEST(every_element_of_any_number_of_inputs_comes_once_and_in_its_order)
{
    size_t count = counts[_i / 2];
    struct fan_merge_input seen[INPUTS];
    struct fan_merge_report report = {.inputs = seen};
    make_channels(_i % 2 ? 4 : 0);
    feed(count);
    ck_assert_int_eq(fan_merge_go(&pipe_group, inputs, count, output,
                                  &(struct fan_merge_options){.report = &report}),
                     0);
    check_all_comes(count);
    ck_assert_int_eq(fan_group_wait(&pipe_group), 0);
    ck_assert_uint_eq(fan_merge_live(&report), 0);
    ck_assert_uint_eq(report.slow, 0);
    for (size_t i = 0; i < count; i++)
        ck_assert_uint_eq(seen[i].received, ELEMENTS);
}
END_TEST

START_TEST(the_number_of_live_inputs_can_be_asked_at_any_time)
{
    struct fan_merge_report report = {0};
    make_channels(0);
    fan_merge_go(&pipe_group, inputs, 3, output, &(struct fan_merge_options){.report = &report});
    ck_assert_uint_eq(fan_merge_live(&report), 3);
    for (uint64_t i = 0; i < 3; i++) {
        fan_chan_close(inputs[i]);
        while (fan_merge_live(&report) != 2 - i)
            fan_sleep(FAN_MICROSECOND, NULL);
    }
    ck_assert_int_eq(fan_group_wait(&pipe_group), 0);
}
END_TEST

/* ---- slow inputs ----------------------------------------------------------------------------- */

START_TEST(a_silent_input_is_left_out_and_its_sender_told)
{
    struct fan_ctx source;
    struct fan_ctx *sources[40] = {[33] = &source};
    struct fan_merge_input seen[40];
    struct fan_merge_report report = {.inputs = seen};
    fan_ctx_init(&source, NULL);
    make_channels(1);
    for (uint64_t i = 0; i < 33; i++)
        fan_chan_close(inputs[i]);
    ck_assert_int_eq(fan_chan_try_send(inputs[33], &(uint64_t){7}), 0);
    ck_assert_int_eq(fan_merge_go(&pipe_group, inputs, 34, output,
                                  &(struct fan_merge_options){.timeout_ns = FAN_MILLISECOND,
                                                              .sources = sources,
                                                              .report = &report}),
                     0);
    uint64_t element = 0;
    ck_assert_int_eq(fan_chan_recv(output, &element, NULL), 0);
    ck_assert_uint_eq(element, 7);
    ck_assert_int_eq(fan_chan_recv(output, &element, NULL), EPIPE);
    ck_assert_int_eq(fan_group_wait(&pipe_group), 0);
    ck_assert_uint_eq(report.slow, 1);
    ck_assert(seen[33].slow && !seen[0].slow);
    ck_assert_uint_eq(seen[33].received, 1);
    ck_assert_int_eq(fan_ctx_cause(&source), ETIMEDOUT);
    fan_ctx_destroy(&source);
}
END_TEST

/* ---- ends ------------------------------------------------------------------------------------ */

START_TEST(a_cancel_ends_it_and_closes_its_output)
{
    make_channels(0);
    fan_merge_go(&pipe_group, inputs, 40, output, NULL);
    fan_ctx_cancel(&pipe_group.ctx, 0);
    ck_assert_int_eq(fan_chan_recv(output, NULL, NULL), EPIPE);
    ck_assert_int_eq(fan_group_wait(&pipe_group), ECANCELED);
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
    make_channels(1);
    struct fan_chan *small = fan_chan_new("small", 4, 1);
    struct fan_chan *unfit[] = {inputs[0], _i == 0 ? NULL : _i == 1 ? small : inputs[1]};
    ck_assert_int_eq(
        fan_merge_go(&pipe_group, _i == 2 ? NULL : unfit, 2, _i == 3 ? NULL : output, NULL),
        EINVAL);
    ck_assert_int_eq(fan_ctx_cause(&pipe_group.ctx), EINVAL);
    ck_assert_int_eq(fan_chan_try_recv(output, NULL), EAGAIN);
    fan_chan_free(small);
}
END_TEST

START_TEST(if_not_all_threads_can_be_had_nothing_is_closed_and_all_end)
{
    make_channels(1);
    fan_thread_set_budget(1);
    int error = fan_merge_go(&pipe_group, inputs, 40, output, NULL);
    fan_thread_set_budget(0);
    ck_assert_int_eq(error, EAGAIN);
    ck_assert_int_eq(fan_ctx_cause(&pipe_group.ctx), EAGAIN);
    ck_assert_int_eq(fan_group_wait(&pipe_group), EAGAIN);
    ck_assert_int_eq(fan_chan_try_recv(output, NULL), EAGAIN);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("merge");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, every_element_of_any_number_of_inputs_comes_once_and_in_its_order, 0,
                        2 * COUNTS);
    tcase_add_test(cases, the_number_of_live_inputs_can_be_asked_at_any_time);
    tcase_add_test(cases, a_silent_input_is_left_out_and_its_sender_told);
    tcase_add_test(cases, a_cancel_ends_it_and_closes_its_output);
    tcase_add_loop_test(cases, what_does_not_fit_is_refused, 0, 4);
    tcase_add_test(cases, if_not_all_threads_can_be_had_nothing_is_closed_and_all_end);
    return suite_run("merge", cases);
}
