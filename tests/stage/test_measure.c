/* What it says of times is tested where time is virtual: tests/sim/test_stage_time.c. */
#include "stage/measure.h"

#include <errno.h>

#include "run/atomic.h"
#include "run/thread.h"
#include "tests/support/numbers.h"
#include "tests/support/suite.h"

enum { MANY = 5000 };

static struct fan_group group;
static struct fan_chan *input, *between, *output;
static struct fan_measure before, after = {.since = &before};
static bool over; /* atomic */

static void set_up(void)
{
    fan_group_init(&group, &(struct fan_group_options){.name = "measure"});
    input = numbers_from(0, MANY);
    between = numbers_room(MANY);
    output = numbers_room(MANY);
}

static void tear_down(void)
{
    fan_group_destroy(&group);
    fan_chan_free(input);
    fan_chan_free(between);
    fan_chan_free(output);
}

/* From another thread, at any time: what it sees only grows. */
static void look_again_and_again(void *unused)
{
    uint64_t passed = 0;
    (void)unused;
    while (!fan_atomic_load(&over, FAN_ACQUIRE)) {
        struct fan_measure_view view = fan_measure_look(&after);
        ASSERT_OFTEN(view.passed >= passed && view.passed <= MANY && view.inside <= MANY);
        ASSERT_OFTEN(fan_histogram_count(&after.blocked_ns) <= MANY);
        passed = view.passed;
    }
}

START_TEST(it_hands_on_and_counts_whoever_looks)
{
    static uint64_t numbers[MANY];
    struct fan_thread *thread;
    ck_assert_int_eq(fan_thread_spawn(NULL, look_again_and_again, NULL, &thread), 0);
    ck_assert_int_eq(fan_measure_go(&group, input, between, &before), 0);
    ck_assert_int_eq(fan_measure_go(&group, between, output, &after), 0);
    ck_assert_int_eq(fan_group_wait(&group), 0);
    fan_atomic_store(&over, true, FAN_RELEASE);
    fan_thread_join(thread);
    ck_assert_uint_eq(numbers_take(output, numbers, MANY), MANY);
    for (uint64_t i = 0; i < MANY; i++)
        ck_assert_uint_eq(numbers[i], i);
    struct fan_measure_view view = fan_measure_look(&after);
    ck_assert_uint_eq(view.passed, MANY);
    ck_assert_uint_eq(view.inside, 0);
    ck_assert_uint_eq(view.waiting, 0);
    ck_assert_uint_eq(fan_histogram_count(&after.gap_ns), MANY - 1);
    ck_assert_uint_eq(fan_histogram_count(&after.blocked_ns), MANY);
    ck_assert_uint_eq(fan_histogram_count(&after.latency_ns) + after.unmatched, MANY);
}
END_TEST

START_TEST(it_does_not_take_a_forgotten_time_for_a_latency)
{
    struct fan_group first;
    fan_group_init(&first, &(struct fan_group_options){.name = "first"});
    ck_assert_int_eq(fan_measure_go(&first, input, between, &before), 0);
    ck_assert_int_eq(fan_group_wait(&first), 0);
    ck_assert_uint_eq(fan_measure_look(&after).inside, MANY);
    ck_assert_int_eq(fan_measure_go(&group, between, output, &after), 0);
    ck_assert_int_eq(fan_group_wait(&group), 0);
    ck_assert_uint_le(fan_histogram_count(&after.latency_ns), FAN_MEASURE_INSIDE);
    ck_assert_uint_ge(fan_histogram_count(&after.latency_ns), FAN_MEASURE_INSIDE - 1);
    ck_assert_uint_eq(fan_histogram_count(&after.latency_ns) + after.unmatched, MANY);
    fan_group_destroy(&first);
}
END_TEST

START_TEST(it_knows_how_many_wait_before_it)
{
    struct fan_chan *narrow = numbers_room(0);
    ck_assert_int_eq(fan_measure_go(&group, input, narrow, &before), 0);
    ck_assert_int_eq(fan_chan_recv(narrow, NULL, NULL), 0);
    ck_assert_int_eq(fan_chan_recv(narrow, NULL, NULL), 0);
    size_t waiting = fan_measure_look(&before).waiting;
    ck_assert_uint_ge(waiting, MANY - 3);
    ck_assert_uint_le(waiting, MANY - 2);
    fan_ctx_cancel(&group.ctx, 0);
    ck_assert_int_eq(fan_group_wait(&group), ECANCELED);
    ck_assert_uint_eq(fan_measure_look(&before).waiting, 0);
    fan_chan_free(narrow);
}
END_TEST

START_TEST(other_sizes_are_refused)
{
    struct fan_chan *other = fan_chan_new("other", 4, 1);
    ck_assert_int_eq(fan_measure_go(&group, input, other, &before), EINVAL);
    fan_chan_free(other);
}
END_TEST

START_TEST(a_rate_is_elements_by_time)
{
    struct fan_measure_view earlier = {.now_ns = 1000, .passed = 10};
    struct fan_measure_view later = {.now_ns = 1000 + 500000000, .passed = 60};
    ck_assert_double_eq(fan_measure_rate(&earlier, &later), 100);
    ck_assert_double_eq(fan_measure_rate(&earlier, &earlier), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("measure");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, it_hands_on_and_counts_whoever_looks);
    tcase_add_test(cases, it_does_not_take_a_forgotten_time_for_a_latency);
    tcase_add_test(cases, it_knows_how_many_wait_before_it);
    tcase_add_test(cases, other_sizes_are_refused);
    tcase_add_test(cases, a_rate_is_elements_by_time);
    return suite_run("measure", cases);
}
