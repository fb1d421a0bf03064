#include "stage/lossy.h"

#include <errno.h>

#include "run/time.h"
#include "sync/timer.h"
#include "tests/support/numbers.h"
#include "tests/support/suite.h"

enum { MANY = 10 };

static struct fan_group group;
static struct fan_chan *input, *output;
static struct fan_lossy lossy;

static void set_up(void)
{
    fan_group_init(&group, &(struct fan_group_options){.name = "lossy"});
    input = numbers_from(0, MANY);
    output = numbers_room(0);
    lossy = (struct fan_lossy){.capacity = 3};
}

static void tear_down(void)
{
    fan_group_destroy(&group);
    fan_chan_free(input);
    fan_chan_free(output);
}

static struct fan_lossy_count count_right(void)
{
    struct fan_lossy_count count = fan_lossy_count(&lossy);
    ck_assert_uint_eq(count.received, count.sent + count.dropped + count.held);
    ck_assert_uint_le(count.held, lossy.capacity);
    return count;
}

/* Nobody reads, and yet it takes all. */
static void start_and_let_it_take_all(enum fan_lossy_drops drops)
{
    lossy.drops = drops;
    ck_assert_int_eq(fan_lossy_go(&group, input, output, &lossy), 0);
    while (count_right().received < MANY)
        fan_sleep(100 * FAN_MICROSECOND, NULL);
}

static void it_has_lost_seven(void)
{
    ck_assert_int_eq(fan_group_wait(&group), 0);
    struct fan_lossy_count count = count_right();
    ck_assert_uint_eq(count.sent, 3);
    ck_assert_uint_eq(count.dropped, MANY - 3);
    ck_assert_uint_eq(count.held, 0);
}

START_TEST(the_newest_are_lost)
{
    start_and_let_it_take_all(FAN_DROP_NEWEST);
    numbers_must_be(output, NUMBERS(0, 1, 2));
    it_has_lost_seven();
}
END_TEST

START_TEST(the_oldest_are_lost)
{
    start_and_let_it_take_all(FAN_DROP_OLDEST);
    numbers_must_be(output, NUMBERS(7, 8, 9));
    it_has_lost_seven();
}
END_TEST

START_TEST(with_a_reader_who_is_fast_enough_nothing_is_lost)
{
    lossy.capacity = MANY;
    ck_assert_int_eq(fan_lossy_go(&group, input, output, &lossy), 0);
    numbers_must_be(output, NUMBERS(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
    ck_assert_int_eq(fan_group_wait(&group), 0);
    ck_assert_uint_eq(count_right().dropped, 0);
    ck_assert_uint_eq(count_right().sent, MANY);
}
END_TEST

START_TEST(what_a_cancel_leaves_is_counted_as_held)
{
    start_and_let_it_take_all(FAN_DROP_OLDEST);
    fan_ctx_cancel(&group.ctx, 0);
    ck_assert_int_eq(fan_group_wait(&group), ECANCELED);
    ck_assert_uint_eq(count_right().held, 3);
    ck_assert_uint_eq(count_right().sent, 0);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
    struct fan_chan *other = fan_chan_new("other", 4, 1);
    ck_assert_int_eq(fan_lossy_go(&group, input, other, &lossy), EINVAL);
    lossy.capacity = 0;
    ck_assert_int_eq(fan_lossy_go(&group, input, output, &lossy), EINVAL);
    lossy.capacity = SIZE_MAX;
    ck_assert_int_eq(fan_lossy_go(&group, input, output, &lossy), ENOMEM);
    fan_chan_free(other);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("lossy");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, the_newest_are_lost);
    tcase_add_test(cases, the_oldest_are_lost);
    tcase_add_test(cases, with_a_reader_who_is_fast_enough_nothing_is_lost);
    tcase_add_test(cases, what_a_cancel_leaves_is_counted_as_held);
    tcase_add_test(cases, what_makes_no_sense_is_refused);
    return suite_run("lossy", cases);
}
