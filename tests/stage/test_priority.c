#include "stage/priority.h"

#include <errno.h>

#include "run/thread.h"
#include "tests/support/suite.h"

enum { MOST = FAN_PRIORITY_MOST + 1, ROOM = 100 };

static struct fan_group pipe_group;
static struct fan_chan *inputs[MOST], *output;

static void set_up(void)
{
    fan_group_init(&pipe_group, &(struct fan_group_options){.name = "pipe"});
    for (int i = 0; i < MOST; i++)
        inputs[i] = fan_chan_new("input", sizeof(int), ROOM);
    output = fan_chan_new("output", sizeof(int), ROOM * MOST);
}

static void tear_down(void)
{
    fan_group_destroy(&pipe_group);
    for (int i = 0; i < MOST; i++)
        fan_chan_free(inputs[i]);
    fan_chan_free(output);
    fan_thread_wait_all();
    ck_assert_uint_eq(fan_thread_count(), 0);
}

/* Each input has so many elements, each of which is the input's number, before the merge begins. */
static void fill(size_t count, int elements)
{
    for (int i = 0; i < (int)count; i++) {
        for (int k = 0; k < elements; k++)
            ck_assert_int_eq(fan_chan_try_send(inputs[i], &i), 0);
        fan_chan_close(inputs[i]);
    }
}

static void merge(size_t count, uint32_t share)
{
    struct fan_priority_options options = {.share = share};
    ck_assert_int_eq(fan_priority_go(&pipe_group, inputs, count, output, share ? &options : NULL),
                     0);
    ck_assert_int_eq(fan_group_wait(&pipe_group), 0);
}

static int next(void)
{
    int element = -1;
    int error = fan_chan_recv(output, &element, NULL);
    return error ? -error : element;
}

START_TEST(the_higher_input_is_emptied_before_the_lower)
{
    fill((size_t)_i, 5);
    merge((size_t)_i, 0);
    for (int i = 0; i < _i * 5; i++)
        ck_assert_int_eq(next(), i / 5);
    ck_assert_int_eq(next(), -EPIPE);
}
END_TEST

START_TEST(a_share_goes_to_the_lower_inputs_in_turns)
{
    fill(3, ROOM);
    merge(3, 4);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(next(), i % 4 == 3 ? 1 + i / 4 % 2 : 0);
    for (int i = 0; i < 200; i++)
        ck_assert_int_ge(next(), 0);
    ck_assert_int_eq(next(), -EPIPE);
}
END_TEST

START_TEST(a_share_that_the_lower_does_not_want_is_the_highers)
{
    fan_chan_close(inputs[1]);
    for (int i = 0; i < ROOM; i++)
        fan_chan_try_send(inputs[0], &(int){0});
    fan_chan_close(inputs[0]);
    merge(2, 2);
    for (int i = 0; i < ROOM; i++)
        ck_assert_int_eq(next(), 0);
    ck_assert_int_eq(next(), -EPIPE);
}
END_TEST

START_TEST(an_element_that_comes_later_wakes_it)
{
    fan_priority_go(&pipe_group, inputs, 2, output, NULL);
    fan_chan_send(inputs[1], &(int){1}, NULL);
    ck_assert_int_eq(next(), 1);
    fan_chan_send(inputs[0], &(int){0}, NULL);
    ck_assert_int_eq(next(), 0);
    fan_chan_close(inputs[0]);
    fan_chan_send(inputs[1], &(int){1}, NULL);
    ck_assert_int_eq(next(), 1);
    fan_chan_close(inputs[1]);
    ck_assert_int_eq(next(), -EPIPE);
    ck_assert_int_eq(fan_group_wait(&pipe_group), 0);
}
END_TEST

START_TEST(there_is_a_limit_of_inputs)
{
    ck_assert_int_eq(fan_priority_go(&pipe_group, inputs, MOST, output, NULL), EINVAL);
    ck_assert_int_eq(fan_ctx_cause(&pipe_group.ctx), EINVAL);
    ck_assert_int_eq(fan_chan_try_recv(output, NULL), EAGAIN);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("priority");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, the_higher_input_is_emptied_before_the_lower, 0, MOST);
    tcase_add_test(cases, a_share_goes_to_the_lower_inputs_in_turns);
    tcase_add_test(cases, a_share_that_the_lower_does_not_want_is_the_highers);
    tcase_add_test(cases, an_element_that_comes_later_wakes_it);
    tcase_add_test(cases, there_is_a_limit_of_inputs);
    return suite_run("priority", cases);
}
