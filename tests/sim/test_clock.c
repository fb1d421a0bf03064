#include "sim/clock.h"

#include "tests/support/suite.h"

enum { ALL = FAN_CLOCK_THREADS };

START_TEST(a_clock_of_zeros_covers_no_moment_of_a_thread)
{
    struct fan_clock nothing = {0}, thread = {0};
    for (uint32_t i = 0; i < ALL; i++) {
        ck_assert(fan_clock_tick(&thread, i));
        uint32_t moment = fan_clock_epoch(&thread, i);
        ck_assert_uint_ne(moment, FAN_EPOCH_NONE);
        ck_assert_uint_eq(fan_epoch_thread(moment), i);
        ck_assert(!fan_clock_covers(&nothing, moment));
        ck_assert(fan_clock_covers(&thread, moment));
    }
    ck_assert(fan_clock_covers(&nothing, FAN_EPOCH_NONE));
}
END_TEST

START_TEST(a_later_moment_is_not_covered_by_what_was_heard_before)
{
    struct fan_clock writer = {.times = {1}}, reader = {.times = {0, 1}};
    uint32_t first = fan_clock_epoch(&writer, 0);
    fan_clock_join(&reader, &writer, 2);
    fan_clock_tick(&writer, 0);
    ck_assert(fan_clock_covers(&reader, first));
    ck_assert(!fan_clock_covers(&reader, fan_clock_epoch(&writer, 0)));
}
END_TEST

START_TEST(a_join_keeps_the_later_time_of_each_thread)
{
    struct fan_clock into = {.times = {5, 1, 0, 7}}, from = {.times = {2, 4, 3, 7}};
    fan_clock_join(&into, &from, 4);
    static const uint32_t joined[] = {5, 4, 3, 7};
    ck_assert_mem_eq(into.times, joined, sizeof joined);
    ck_assert_uint_eq(from.times[0], 2);
}
END_TEST

/* Threads beyond the four that the last one in use is of are neither read nor written. */
START_TEST(an_operation_stays_inside_the_threads_in_use)
{
    struct fan_clock full, empty = {0};
    for (uint32_t i = 0; i < ALL; i++)
        full.times[i] = 9;
    fan_clock_join(&empty, &full, 3);
    ck_assert_uint_eq(empty.times[2], 9);
    ck_assert_uint_eq(empty.times[4], 0);
    fan_clock_copy(&empty, &full, 5);
    ck_assert_uint_eq(empty.times[4], 9);
    ck_assert_uint_eq(empty.times[8], 0);
    fan_clock_clear(&full, 60);
    ck_assert_uint_eq(full.times[59], 0);
    ck_assert_uint_eq(full.times[60], 9);
    ck_assert_int_eq(fan_clock_compare(&full, &empty, 0), FAN_CLOCK_EQUAL);
}
END_TEST

START_TEST(in_an_exchange_those_learn_who_are_to)
{
    bool a_learns = _i & 1, b_learns = _i & 2;
    struct fan_clock a = {.times = {5, 1, 0, 7, 2}}, b = {.times = {2, 4, 3, 7, 6}};
    struct fan_clock both = {.times = {5, 4, 3, 7, 6}}, old_a = a, old_b = b;
    fan_clock_exchange(&a, a_learns, &b, b_learns, 5);
    ck_assert_mem_eq(&a, a_learns ? &both : &old_a, sizeof a);
    ck_assert_mem_eq(&b, b_learns ? &both : &old_b, sizeof b);
}
END_TEST

START_TEST(the_last_time_of_all_is_later_than_the_first)
{
    struct fan_clock into = {.times = {0, FAN_CLOCK_END}};
    fan_clock_join(&into, &(struct fan_clock){.times = {FAN_CLOCK_END, 0}}, 2);
    ck_assert_uint_eq(into.times[0], FAN_CLOCK_END);
    ck_assert_uint_eq(into.times[1], FAN_CLOCK_END);
}
END_TEST

START_TEST(clocks_are_ordered_only_if_one_knows_all_of_the_other)
{
    struct fan_clock a = {.times = {1, 2}}, b = {.times = {1, 3}}, c = {.times = {2, 1}};
    ck_assert_int_eq(fan_clock_compare(&a, &a, 2), FAN_CLOCK_EQUAL);
    ck_assert_int_eq(fan_clock_compare(&a, &b, 2), FAN_CLOCK_BEFORE);
    ck_assert_int_eq(fan_clock_compare(&b, &a, 2), FAN_CLOCK_AFTER);
    ck_assert_int_eq(fan_clock_compare(&b, &c, 2), FAN_CLOCK_CONCURRENT);
}
END_TEST

START_TEST(time_stops_at_its_end_and_says_so)
{
    struct fan_clock clock = {0};
    clock.times[63] = FAN_CLOCK_END - 1;
    ck_assert(fan_clock_tick(&clock, 63));
    uint32_t last = fan_clock_epoch(&clock, 63);
    ck_assert(!fan_clock_tick(&clock, 63));
    ck_assert_uint_eq(fan_clock_epoch(&clock, 63), last);
    ck_assert_uint_eq(fan_epoch_thread(last), 63);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("clock");
    tcase_add_test(cases, a_clock_of_zeros_covers_no_moment_of_a_thread);
    tcase_add_test(cases, a_later_moment_is_not_covered_by_what_was_heard_before);
    tcase_add_test(cases, a_join_keeps_the_later_time_of_each_thread);
    tcase_add_test(cases, an_operation_stays_inside_the_threads_in_use);
    tcase_add_loop_test(cases, in_an_exchange_those_learn_who_are_to, 0, 4);
    tcase_add_test(cases, the_last_time_of_all_is_later_than_the_first);
    tcase_add_test(cases, clocks_are_ordered_only_if_one_knows_all_of_the_other);
    tcase_add_test(cases, time_stops_at_its_end_and_says_so);
    return suite_run("clock", cases);
}
