#include "stage/ordered.h"

#include <errno.h>

#include "tests/support/fan_in.h"
#include "tests/support/feeder.h"
#include "tests/support/suite.h"

enum { INPUTS = 40 };

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

/* Input i has i, i + inputs, ... below `elements`. */
static void feed(uint64_t count, uint64_t elements)
{
    for (uint64_t i = 0; i < count; i++)
        ck_assert_int_eq(
            feeder_go(
                &pipe_group,
                &(struct feeder){.output = inputs[i], .from = i, .to = elements, .step = count}),
            0);
}

static void check_comes_in_order(uint64_t elements)
{
    uint64_t element;
    for (uint64_t i = 0; i < elements; i++) {
        ASSERT_OFTEN(fan_chan_recv(output, &element, NULL) == 0);
        ASSERT_OFTEN(element == i);
    }
    ck_assert_int_eq(fan_chan_recv(output, &element, NULL), EPIPE);
}

static const uint64_t counts[] = {1, 2, 3, INPUTS};

START_TEST(the_turns_are_the_order)
{
    uint64_t count = counts[_i / 4], elements = 200 + (uint64_t)_i % 2;
    make_channels(_i % 4 / 2 ? 3 : 0);
    feed(count, elements);
    ck_assert_int_eq(fan_ordered_go(&pipe_group, inputs, count, output), 0);
    check_comes_in_order(elements);
    ck_assert_int_eq(fan_group_wait(&pipe_group), 0);
}
END_TEST

START_TEST(without_an_input_there_is_nothing)
{
    make_channels(0);
    ck_assert_int_eq(fan_ordered_go(&pipe_group, NULL, 0, output), 0);
    ck_assert_int_eq(fan_chan_recv(output, NULL, NULL), EPIPE);
    ck_assert_int_eq(fan_group_wait(&pipe_group), 0);
}
END_TEST

START_TEST(a_worker_that_loses_an_element_is_found)
{
    make_channels(8);
    for (uint64_t i = 0; i < 9; i++)
        if (i != 4)
            fan_chan_send(inputs[i % 3], &i, NULL);
    for (int i = 0; i < 3; i++)
        fan_chan_close(inputs[i]);
    ck_assert_int_eq(fan_ordered_go(&pipe_group, inputs, 3, output), 0);
    ck_assert_int_eq(fan_group_wait(&pipe_group), EPROTO);
}
END_TEST

START_TEST(a_cancel_ends_it_and_closes_its_output)
{
    make_channels(0);
    ck_assert_int_eq(fan_ordered_go(&pipe_group, inputs, 3, output), 0);
    fan_ctx_cancel(&pipe_group.ctx, 0);
    ck_assert_int_eq(fan_chan_recv(output, NULL, NULL), EPIPE);
    ck_assert_int_eq(fan_group_wait(&pipe_group), ECANCELED);
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
    make_channels(0);
    ck_assert_int_eq(fan_ordered_go(&pipe_group, inputs, 3, NULL), EINVAL);
    ck_assert_int_eq(fan_ctx_cause(&pipe_group.ctx), EINVAL);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("ordered");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, the_turns_are_the_order, 0, 16);
    tcase_add_test(cases, without_an_input_there_is_nothing);
    tcase_add_test(cases, a_worker_that_loses_an_element_is_found);
    tcase_add_test(cases, a_cancel_ends_it_and_closes_its_output);
    tcase_add_test(cases, what_does_not_fit_is_refused);
    return suite_run("ordered", cases);
}
