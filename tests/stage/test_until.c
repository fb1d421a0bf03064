#include "stage/until.h"

#include <errno.h>
#include <string.h>

#include "stage/source.h"
#include "tests/support/numbers.h"
#include "tests/support/suite.h"

static struct fan_group group, upstream;
static struct fan_chan *input, *output, *signal_chan;
static uint64_t given;

static void set_up(void)
{
    fan_group_init(&group, &(struct fan_group_options){.name = "until"});
    fan_group_init(&upstream,
                   &(struct fan_group_options){.name = "upstream", .parent = &group.ctx});
    output = numbers_room(100);
    signal_chan = fan_chan_new("signal", 1, 1);
}

static void tear_down(void)
{
    fan_group_destroy(&upstream);
    fan_group_destroy(&group);
    fan_chan_free(input);
    fan_chan_free(output);
    fan_chan_free(signal_chan);
}

static int count_on(void *state, struct fan_ctx *ctx, void *element)
{
    (void)state, (void)ctx;
    memcpy(element, &given, sizeof given);
    given++;
    return 0;
}

static void start_endless_source(void)
{
    input = numbers_room(1);
    fan_source_go(&upstream, &(struct fan_source){.next = count_on}, input);
}

static bool is_three(void *argument, const void *element)
{
    uint64_t number;
    (void)argument;
    memcpy(&number, element, sizeof number);
    return number == 3;
}

static int run(struct fan_until_options options)
{
    ck_assert_int_eq(fan_until_go(&group, input, output, &options), 0);
    return fan_group_wait(&group);
}

START_TEST(it_ends_after_so_many_and_drains_the_rest)
{
    input = numbers_from(0, 50);
    ck_assert_int_eq(run((struct fan_until_options){.count = 3}), 0);
    numbers_must_be(output, NUMBERS(0, 1, 2));
    ck_assert_uint_eq(fan_chan_length(input), 0);
}
END_TEST

START_TEST(it_ends_after_the_last_one)
{
    input = numbers_from(0, 50);
    ck_assert_int_eq(run((struct fan_until_options){.is_last = is_three}), 0);
    numbers_must_be(output, NUMBERS(0, 1, 2, 3));
}
END_TEST

START_TEST(it_ends_before_the_last_one)
{
    input = numbers_from(0, 50);
    ck_assert_int_eq(run((struct fan_until_options){.is_last = is_three, .without_last = true}), 0);
    numbers_must_be(output, NUMBERS(0, 1, 2));
}
END_TEST

START_TEST(without_a_reason_it_hands_all_on)
{
    input = numbers_from(0, 4);
    ck_assert_int_eq(run((struct fan_until_options){.count = 0}), 0);
    numbers_must_be(output, NUMBERS(0, 1, 2, 3));
}
END_TEST

START_TEST(it_ends_the_endless_ones_before_it_and_nothing_has_failed)
{
    start_endless_source();
    ck_assert_int_eq(run((struct fan_until_options){.count = 3, .upstream = &upstream.ctx}), 0);
    ck_assert_int_eq(fan_group_wait(&upstream), ECANCELED);
    ck_assert_int_eq(fan_ctx_cause(&upstream.ctx), EPIPE);
    numbers_must_be(output, NUMBERS(0, 1, 2));
}
END_TEST

START_TEST(those_before_it_that_end_by_themselves_are_not_cancelled)
{
    input = numbers_from(0, 2);
    ck_assert_int_eq(run((struct fan_until_options){.count = 3, .upstream = &upstream.ctx}), 0);
    ck_assert_int_eq(fan_ctx_error(&upstream.ctx), ECANCELED); /* by the wait */
    ck_assert_int_ne(fan_ctx_cause(&upstream.ctx), EPIPE);
}
END_TEST

START_TEST(a_signal_that_is_there_wins_over_the_input)
{
    input = numbers_from(0, 50);
    if (_i)
        fan_chan_send(signal_chan, &(char){0}, NULL);
    else
        fan_chan_close(signal_chan);
    ck_assert_int_eq(run((struct fan_until_options){.signal = signal_chan}), 0);
    numbers_must_be(output, NUMBERS(NUMBERS_END));
}
END_TEST

/* It waits for its input, or for room in its output, when the signal comes. */
START_TEST(a_signal_comes_in_wherever_it_waits)
{
    struct fan_ctx done;
    fan_ctx_init(&done, NULL);
    input = numbers_room(10);
    struct fan_chan *narrow = numbers_room(0);
    for (uint64_t i = 0; _i && i < 3; i++)
        fan_chan_send(input, &i, NULL);
    struct fan_until_options options = {.done = &done};
    ck_assert_int_eq(fan_until_go(&group, input, narrow, &options), 0);
    if (_i)
        ck_assert_int_eq(fan_chan_recv(narrow, NULL, NULL), 0);
    fan_ctx_cancel(&done, 0);
    ck_assert_int_eq(fan_chan_recv(narrow, NULL, NULL), EPIPE);
    fan_chan_close(input);
    ck_assert_int_eq(fan_group_wait(&group), 0);
    fan_ctx_destroy(&done);
    fan_chan_free(narrow);
}
END_TEST

START_TEST(other_sizes_are_refused)
{
    input = fan_chan_new("narrow", 1, 0);
    ck_assert_int_eq(fan_until_go(&group, input, output, &(struct fan_until_options){.count = 1}),
                     EINVAL);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("until");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, it_ends_after_so_many_and_drains_the_rest);
    tcase_add_test(cases, it_ends_after_the_last_one);
    tcase_add_test(cases, it_ends_before_the_last_one);
    tcase_add_test(cases, without_a_reason_it_hands_all_on);
    tcase_add_test(cases, it_ends_the_endless_ones_before_it_and_nothing_has_failed);
    tcase_add_test(cases, those_before_it_that_end_by_themselves_are_not_cancelled);
    tcase_add_loop_test(cases, a_signal_that_is_there_wins_over_the_input, 0, 2);
    tcase_add_loop_test(cases, a_signal_comes_in_wherever_it_waits, 0, 2);
    tcase_add_test(cases, other_sizes_are_refused);
    return suite_run("until", cases);
}
