/* Windows by time are tested where time is virtual: tests/sim/test_stage_time.c. */
#include "stage/window.h"

#include <errno.h>

#include "run/time.h"
#include "tests/support/numbers.h"
#include "tests/support/suite.h"

struct batch {
    size_t count;
    uint64_t numbers[4];
};

static struct fan_group group;
static struct fan_chan *input, *output;

static void set_up(void)
{
    fan_group_init(&group, &(struct fan_group_options){.name = "window"});
    output = fan_chan_new("batches", sizeof(struct batch), 10);
}

static void tear_down(void)
{
    fan_group_destroy(&group);
    fan_chan_free(input);
    fan_chan_free(output);
}

static void batch_must_have(size_t count, uint64_t first)
{
    struct batch batch;
    ck_assert_int_eq(fan_chan_recv(output, &batch, NULL), 0);
    ck_assert_uint_eq(batch.count, count);
    for (size_t i = 0; i < count; i++)
        ck_assert_uint_eq(batch.numbers[i], first + i);
}

START_TEST(full_windows_and_the_rest_at_the_end)
{
    input = numbers_from(0, 10);
    ck_assert_int_eq(fan_window_go(&group, input, output, &(struct fan_window_options){.count = 4}),
                     0);
    ck_assert_int_eq(fan_group_wait(&group), 0);
    batch_must_have(4, 0);
    batch_must_have(4, 4);
    batch_must_have(2, 8);
    ck_assert_int_eq(fan_chan_recv(output, NULL, NULL), EPIPE);
}
END_TEST

START_TEST(no_window_is_empty)
{
    input = numbers_from(0, _i * 4);
    ck_assert_int_eq(fan_window_go(&group, input, output, &(struct fan_window_options){.count = 4}),
                     0);
    ck_assert_int_eq(fan_group_wait(&group), 0);
    if (_i)
        batch_must_have(4, 0);
    ck_assert_int_eq(fan_chan_recv(output, NULL, NULL), EPIPE);
}
END_TEST

/* The window comes though the input stays open. */
START_TEST(time_ends_a_window)
{
    uint64_t time_ns = 5 * FAN_MILLISECOND, began_ns = fan_now_ns();
    input = numbers_room(4);
    struct fan_window_options options = {.count = 4, .time_ns = time_ns};
    ck_assert_int_eq(fan_window_go(&group, input, output, &options), 0);
    fan_chan_send(input, &(uint64_t){7}, NULL);
    batch_must_have(1, 7);
    ck_assert_uint_ge(fan_now_ns() - began_ns, time_ns);
    fan_chan_close(input);
    ck_assert_int_eq(fan_group_wait(&group), 0);
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
    static const size_t counts[] = {0, 5, SIZE_MAX / 8 + 1};
    input = numbers_from(0, 1);
    ck_assert_int_eq(
        fan_window_go(&group, input, output, &(struct fan_window_options){.count = counts[_i]}),
        EINVAL);
    ck_assert_int_eq(fan_ctx_cause(&group.ctx), EINVAL);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("window");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, full_windows_and_the_rest_at_the_end);
    tcase_add_loop_test(cases, no_window_is_empty, 0, 2);
    tcase_add_test(cases, time_ends_a_window);
    tcase_add_loop_test(cases, what_does_not_fit_is_refused, 0, 3);
    return suite_run("window", cases);
}
