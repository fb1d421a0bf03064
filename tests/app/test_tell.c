#include "app/tell.h"

#include "tests/support/suite.h"

/* What a report says of an executor, in the words of all reports. */

static struct fan_snapshot now = {.taken_ns = 5000000000};
static struct fan_executor_view view;
static char words[200];

static void set_up(void)
{
    view = (struct fan_executor_view){
        .name = "resize",
        .kind = FAN_EXECUTOR_STREAM,
        .policy = FAN_POLICY_BEST_EFFORT,
        .limit = 3,
    };
}

START_TEST(one_that_runs_tells_how_much_runs_and_waits)
{
    view.in_flight = 2;
    fan_tell_executor(&now, &view, words);
    ck_assert_str_eq(words, "resize, limit 3, best effort, 2 running");
    view.waiting = 12;
    view.oldest_ns = now.taken_ns - 31000000;
    fan_tell_executor(&now, &view, words);
    ck_assert_str_eq(words, "resize, limit 3, best effort, 2 running, 12 waiting 31.0 ms");
}
END_TEST

START_TEST(one_that_has_ended_says_so)
{
    view.ended_ns = 1;
    view.limit = 0;
    view.policy = FAN_POLICY_COLLECT_ALL;
    fan_tell_executor(&now, &view, words);
    ck_assert_str_eq(words, "resize, no limit, collect all, ended");
}
END_TEST

START_TEST(tasks_are_told_by_what_became_of_them)
{
    fan_tell_tasks(&view, words);
    ck_assert_str_eq(words, "no tasks");
    view.tally = (struct fan_probe_tally){.submitted = 1, .done = 1};
    fan_tell_tasks(&view, words);
    ck_assert_str_eq(words, "1 task: 1 done");
    view.tally = (struct fan_probe_tally){
        .submitted = 10, .done = 1, .failed = 2, .cancelled = 3, .dropped = 4};
    fan_tell_tasks(&view, words);
    ck_assert_str_eq(words, "10 tasks: 1 done, 2 failed, 3 cancelled, 4 dropped");
}
END_TEST

START_TEST(times_are_told_with_how_many_they_are_of)
{
    view.tally = (struct fan_probe_tally){.submitted = 40, .done = 40};
    view.timed = 8;
    view.p50_ns = 850;
    view.p99_ns = 21400000;
    view.most_ns = 30000000;
    fan_tell_tasks(&view, words);
    ck_assert_str_eq(words, "40 tasks: 40 done; p50 850 ns, p99 21.4 ms (8 timed)");
}
END_TEST

START_TEST(counts_and_times_are_short)
{
    fan_tell_count(9999, words);
    ck_assert_str_eq(words, "9999");
    fan_tell_count(12345, words);
    ck_assert_str_eq(words, "12.3k");
    fan_tell_count(1200000, words);
    ck_assert_str_eq(words, "1.2M");
    fan_tell_short_time(31000000000, words);
    ck_assert_str_eq(words, "31.0 s");
    fan_tell_short_time(310000000000, words);
    ck_assert_str_eq(words, "310 s");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("tell");
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_test(cases, one_that_runs_tells_how_much_runs_and_waits);
    tcase_add_test(cases, one_that_has_ended_says_so);
    tcase_add_test(cases, tasks_are_told_by_what_became_of_them);
    tcase_add_test(cases, times_are_told_with_how_many_they_are_of);
    tcase_add_test(cases, counts_and_times_are_short);
    return suite_run("tell", cases);
}
