#include "flow/fanout.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "run/atomic.h"
#include "run/thread.h"
#include "sync/chan.h"
#include "sync/ctx.h"
#include "tests/support/suite.h"

enum { COUNT = 3000 };

static uint64_t tasks[COUNT], results[COUNT];
static int errors[COUNT];
static struct fan_report report;
static uint64_t fails_every;

static void set_up(void)
{
    for (uint64_t i = 0; i < COUNT; i++)
        tasks[i] = i + 1;
    memset(results, 0, sizeof results);
    memset(errors, 0xff, sizeof errors);
    fails_every = 0;
}

static void tear_down(void)
{
    fan_report_free(&report);
    fan_thread_wait_all();
}

static int doubled(void *argument, struct fan_ctx *ctx, const void *task, void *result)
{
    (void)argument, (void)ctx;
    uint64_t number;
    memcpy(&number, task, sizeof number);
    if (fails_every && number % fails_every == 0)
        return EDOM;
    number *= 2;
    memcpy(result, &number, sizeof number);
    return 0;
}

static int run(enum fan_policy policy)
{
    return fan_out(NULL, tasks, COUNT,
                   &(struct fan_work){
                       .run = doubled, .task_size = sizeof *tasks, .result_size = sizeof *results},
                   results, errors, &(struct fan_stream_options){.limit = 4, .policy = policy},
                   &report);
}

START_TEST(each_result_is_at_its_tasks_place)
{
    ck_assert_int_eq(run((enum fan_policy)_i), 0);
    for (uint64_t i = 0; i < COUNT; i++) {
        ASSERT_OFTEN(results[i] == 2 * tasks[i]);
        ASSERT_OFTEN(errors[i] == 0);
    }
}
END_TEST

/* More of them than a report lists. */
START_TEST(each_failure_is_at_its_tasks_place)
{
    fails_every = 2;
    ck_assert_int_eq(run((enum fan_policy)_i), _i == FAN_COLLECT_ALL ? EDOM : 0);
    ck_assert_uint_eq(report.failed, COUNT / 2);
    for (uint64_t i = 0; i < COUNT; i++) {
        bool fails = tasks[i] % 2 == 0;
        ASSERT_OFTEN(errors[i] == (fails ? EDOM : 0));
        ASSERT_OFTEN(results[i] == (fails ? 0 : 2 * tasks[i]));
    }
}
END_TEST

START_TEST(what_a_failure_cancelled_says_so)
{
    fails_every = 1;
    ck_assert_int_eq(run(FAN_FAIL_FAST), EDOM);
    uint64_t failed = 0, cancelled = 0;
    for (uint64_t i = 0; i < COUNT; i++) {
        failed += errors[i] == EDOM;
        cancelled += errors[i] == ECANCELED;
    }
    ck_assert_uint_gt(failed, 0);
    ck_assert_uint_eq(failed, report.failed);
    ck_assert_uint_eq(failed + cancelled, COUNT);
}
END_TEST

struct kept {
    struct fan_token tokens[COUNT];
    uint64_t count; /* atomic */
};

/* The last task to be started completes all. Where a start takes long, several threads start. */
static int all_fail_at_once(void *argument, struct fan_ctx *ctx, const void *task, void *result,
                            struct fan_token token)
{
    struct kept *kept = argument;
    uint64_t number;
    (void)ctx, (void)result;
    memcpy(&number, task, sizeof number);
    kept->tokens[number - 1] = token;
    if (fan_atomic_fetch_add(&kept->count, 1, FAN_ACQ_REL) + 1 < COUNT)
        return 0;
    for (uint64_t i = 0; i < COUNT; i++)
        fan_token_complete(kept->tokens[i], (int)i + 1);
    return 0;
}

/* The first failure ends the call before anybody is told of it, and there are more than are
 * listed. */
START_TEST(also_where_a_failure_has_ended_the_call)
{
    static struct kept kept;
    struct fan_work work = {.start = all_fail_at_once,
                            .argument = &kept,
                            .task_size = sizeof *tasks,
                            .result_size = sizeof *results};
    struct fan_stream_options options = {.limit = COUNT, .ordered = _i};
    ck_assert_int_ne(fan_out(NULL, tasks, COUNT, &work, results, errors, &options, &report), 0);
    ck_assert_uint_eq(report.failed, COUNT);
    ck_assert_uint_eq(report.error_count, FAN_REPORT_ERRORS);
    for (uint64_t i = 0; i < COUNT; i++)
        ASSERT_OFTEN(errors[i] == (int)tasks[i]);
}
END_TEST

START_TEST(without_options_they_are_all_zero)
{
    struct fan_work work = {.run = doubled, .task_size = 8, .result_size = 8};
    ck_assert_int_eq(fan_out(NULL, tasks, COUNT, &work, results, errors, NULL, &report), 0);
    ck_assert_uint_eq(report.done, COUNT);
    fails_every = 7;
    fan_report_free(&report);
    ck_assert_int_eq(fan_out(NULL, tasks, COUNT, &work, results, errors, NULL, &report), EDOM);
}
END_TEST

START_TEST(nothing_to_do_is_done)
{
    struct fan_work work = {.run = doubled};
    ck_assert_int_eq(
        fan_out(NULL, NULL, 0, &work, NULL, NULL, &(struct fan_stream_options){0}, NULL), 0);
}
END_TEST

START_TEST(wrong_arguments_are_refused)
{
    struct fan_stream_options options = {0};
    struct fan_work work = {.run = doubled, .task_size = 8, .result_size = 8};
    ck_assert_int_eq(fan_out(NULL, NULL, 1, &work, results, NULL, &options, NULL), EINVAL);
    ck_assert_int_eq(fan_out(NULL, tasks, 1, &work, NULL, NULL, &options, NULL), EINVAL);
    ck_assert_int_eq(fan_out(NULL, tasks, 1, NULL, results, NULL, &options, NULL), EINVAL);
    report = (struct fan_report){.submitted = 1, .error_count = 1};
    ck_assert_int_eq(fan_out(NULL, tasks, 1, NULL, results, NULL, &options, &report), EINVAL);
    ck_assert_uint_eq(report.submitted + report.error_count, 0);
    options.policy = (enum fan_policy)(FAN_BEST_EFFORT + 1);
    ck_assert_int_eq(fan_out(NULL, tasks, 1, &work, results, NULL, &options, NULL), EINVAL);
    options = (struct fan_stream_options){.limit = -1};
    ck_assert_int_eq(fan_out(NULL, tasks, 1, &work, results, NULL, &options, NULL), EINVAL);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("fanout");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, each_result_is_at_its_tasks_place, 0, 3);
    tcase_add_loop_test(cases, each_failure_is_at_its_tasks_place, FAN_COLLECT_ALL,
                        FAN_BEST_EFFORT + 1);
    tcase_add_test(cases, what_a_failure_cancelled_says_so);
    tcase_add_loop_test(cases, also_where_a_failure_has_ended_the_call, 0, 2);
    tcase_add_test(cases, without_options_they_are_all_zero);
    tcase_add_test(cases, nothing_to_do_is_done);
    tcase_add_test(cases, wrong_arguments_are_refused);
    return suite_run("fanout", cases);
}
