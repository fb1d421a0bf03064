/* What the source of a pipeline sends, and when it has come to its end. */
#include "stage/source.h"

#include <errno.h>
#include <string.h>

#include "tests/support/suite.h"

static struct fan_group pipe_group;
static struct fan_chan *numbers;

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

/* 1 to 10, with EAGAIN before each even number, and then the end. */
struct counter {
    int last, end;
    bool warned;
};

static int count_up(void *state, struct fan_ctx *ctx, void *element)
{
    struct counter *counter = state;
    (void)ctx;
    if (counter->last == 10)
        return counter->end;
    counter->warned = !counter->warned && counter->last % 2 == 1;
    if (counter->warned)
        return EAGAIN;
    counter->last++;
    memcpy(element, &counter->last, sizeof counter->last);
    return 0;
}

static int sum_of_all(void)
{
    int number, sum = 0;
    while (fan_chan_recv(numbers, &number, NULL) == 0)
        sum += number;
    return sum;
}

static void start(struct counter *counter, bool warns)
{
    struct fan_source source = {.next = count_up, .state = counter, .warns = warns};
    ck_assert_int_eq(fan_source_go(&pipe_group, &source, numbers), 0);
}

START_TEST(one_that_warns_is_called_again)
{
    struct counter counter = {.end = ENODATA};
    start(&counter, true);
    ck_assert_int_eq(sum_of_all(), 55);
    ck_assert_int_eq(fan_group_wait(&pipe_group), 0);
}
END_TEST

START_TEST(of_one_that_does_not_the_same_is_an_error)
{
    struct counter counter = {.end = ENODATA};
    start(&counter, false);
    ck_assert_int_eq(sum_of_all(), 1);
    ck_assert_int_eq(fan_group_wait(&pipe_group), EAGAIN);
}
END_TEST

START_TEST(an_error_ends_it_after_what_came_before)
{
    struct counter counter = {.end = EIO};
    start(&counter, true);
    ck_assert_int_eq(sum_of_all(), 55);
    ck_assert_int_eq(fan_group_wait(&pipe_group), EIO);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("source");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, one_that_warns_is_called_again);
    tcase_add_test(cases, of_one_that_does_not_the_same_is_an_error);
    tcase_add_test(cases, an_error_ends_it_after_what_came_before);
    return suite_run("source", cases);
}
