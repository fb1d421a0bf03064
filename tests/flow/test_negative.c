/* Many a C function says by -1 that it has failed. Such a task has failed with that number, like
 * any other: it was begun, it is counted and listed, and others are told of it. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/panic.h"
#include "flow/fanout.h"
#include "flow/group.h"
#include "flow/hedger.h"
#include "run/thread.h"
#include "run/time.h"
#include "stage/map.h"
#include "sync/chan.h"
#include "tests/support/suite.h"

enum { COUNT = 600, EVERY = 3, FAILED = COUNT / EVERY, NUMBERS = 4, POLICIES = 3 };

static const int numbers[NUMBERS] = {-1, -2, -3, INT_MIN / 4};

static int failure;
static uint64_t tasks[COUNT], results[COUNT];
static int errors[COUNT];
static struct fan_report report;

static void set_up(void)
{
    for (uint64_t i = 0; i < COUNT; i++)
        tasks[i] = i;
    memset(errors, 0, sizeof errors);
    report = (struct fan_report){0};
}

static void tear_down(void)
{
    fan_report_free(&report);
    fan_thread_wait_all();
}

static int fail_some(void *unused, struct fan_ctx *ctx, const void *task, void *result)
{
    (void)unused, (void)ctx;
    uint64_t number;
    memcpy(&number, task, sizeof number);
    memcpy(result, task, sizeof number);
    return number % EVERY == 1 ? failure : 0;
}

static int fail_at_start(void *unused, struct fan_ctx *ctx, const void *task, void *result,
                         struct fan_token token)
{
    int error = fail_some(unused, ctx, task, result);
    if (!error)
        fan_token_complete(token, 0);
    return error;
}

static int fail_at_completion(void *unused, struct fan_ctx *ctx, const void *task, void *result,
                              struct fan_token token)
{
    fan_token_complete(token, fail_some(unused, ctx, task, result));
    return 0;
}

static int run(struct fan_work work, struct fan_stream_options options)
{
    work.task_size = work.result_size = sizeof(uint64_t);
    options.limit = 2;
    return fan_out(NULL, tasks, COUNT, &work, results, errors, &options, &report);
}

static void first_ends_the_call(int returned)
{
    ck_assert_int_eq(returned, failure);
    ck_assert_uint_ge(report.failed, 1);
    ck_assert_uint_eq(report.done + report.failed + report.cancelled + report.dropped,
                      report.submitted);
    ck_assert_uint_eq(report.error_count, report.failed);
    for (size_t i = 0; i < report.error_count; i++)
        ck_assert_int_eq(report.errors[i].error, failure);
}

static void each_is_told_of(int returned, int expected)
{
    ck_assert_int_eq(returned, expected);
    ck_assert_uint_eq(report.failed, FAILED);
    ck_assert_uint_eq(report.done, COUNT - FAILED);
    ck_assert_uint_eq(report.error_count, FAILED);
    for (uint64_t i = 0; i < COUNT; i++)
        ASSERT_OFTEN(errors[i] == (i % EVERY == 1 ? failure : 0));
    for (size_t i = 0; i < FAILED; i++)
        ASSERT_OFTEN(report.errors[i].index == i * EVERY + 1 && report.errors[i].error == failure);
}

/* _i says which number, which policy, and whether it is in order. */
static void run_and_judge(struct fan_work work, struct fan_stream_options options, int which)
{
    failure = numbers[which % NUMBERS];
    options.policy = (enum fan_policy)(which / NUMBERS % POLICIES);
    options.ordered = which / NUMBERS / POLICIES;
    int returned = run(work, options);
    if (options.policy == FAN_FAIL_FAST)
        first_ends_the_call(returned);
    else
        each_is_told_of(returned, options.policy == FAN_COLLECT_ALL ? failure : 0);
}

enum { ALL = NUMBERS * POLICIES * 2 };

START_TEST(a_task_fails_with_the_number_it_returns)
{
    run_and_judge((struct fan_work){.run = fail_some}, (struct fan_stream_options){0}, _i);
}
END_TEST

START_TEST(a_task_with_options_around_it_does_so_too)
{
    struct fan_hedger hedger;
    fan_hedger_init(&hedger, &(struct fan_hedger_options){.delay_ns = FAN_SECOND});
    run_and_judge(
        (struct fan_work){.run = fail_some},
        (struct fan_stream_options){.task_timeout_ns = 60 * FAN_SECOND, .hedger = &hedger}, _i);
    fan_hedger_destroy(&hedger);
}
END_TEST

START_TEST(so_does_an_asynchronous_one_at_its_start)
{
    run_and_judge((struct fan_work){.start = fail_at_start}, (struct fan_stream_options){0}, _i);
}
END_TEST

START_TEST(and_at_its_completion)
{
    run_and_judge((struct fan_work){.start = fail_at_completion}, (struct fan_stream_options){0},
                  _i);
}
END_TEST

/* What a token's word has no room for would be another number for who is told of it. */
START_TEST(a_completion_with_a_number_that_does_not_fit_is_misuse)
{
    failure = INT_MIN / 4 - 1;
    int returned = run((struct fan_work){.start = fail_at_completion},
                       (struct fan_stream_options){.policy = FAN_FAIL_FAST});
    ck_assert_int_eq(returned, ENOTRECOVERABLE);
    ck_assert_ptr_nonnull(strstr(report.errors[0].panic->message, "-536870913 is no error"));
}
END_TEST

START_TEST(a_report_tells_the_number)
{
    char text[64];
    failure = -1;
    run((struct fan_work){.run = fail_some}, (struct fan_stream_options){0});
    fan_report_describe(&report, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, ": error -1"));
    ck_assert_int_eq(fan_report_find(&report, -1, NULL)->error, -1);
}
END_TEST

static int fail_at_once(void *unused, struct fan_ctx *ctx)
{
    (void)unused, (void)ctx;
    return failure;
}

START_TEST(a_group_returns_it)
{
    struct fan_group group;
    failure = numbers[_i];
    fan_group_init(&group, &(struct fan_group_options){0});
    ck_assert_int_eq(fan_group_go(&group, fail_at_once, NULL), 0);
    ck_assert_int_eq(fan_group_wait(&group), failure);
    ck_assert_int_eq(fan_ctx_cause(&group.ctx), failure);
    fan_group_destroy(&group);
}
END_TEST

static struct fan_chan *filled(void)
{
    struct fan_chan *input = fan_chan_new("in", sizeof(uint64_t), COUNT);
    for (uint64_t i = 0; i < COUNT; i++)
        fan_chan_send(input, &i, NULL);
    fan_chan_close(input);
    return input;
}

START_TEST(a_stage_ends_with_it_or_skips_it)
{
    bool skips = _i / NUMBERS;
    struct fan_group pipe;
    struct fan_chan *input = filled(), *output = fan_chan_new("out", sizeof(uint64_t), COUNT);
    uint64_t skipped = 0;
    failure = numbers[_i % NUMBERS];
    fan_group_init(&pipe, &(struct fan_group_options){0});
    fan_map_go(&pipe, input, output,
               &(struct fan_map_options){
                   .run = fail_some, .skips_failures = skips, .skipped = skips ? &skipped : NULL});
    ck_assert_int_eq(fan_group_wait(&pipe), skips ? 0 : failure);
    ck_assert_uint_eq(skipped, skips ? FAILED : 0);
    fan_group_destroy(&pipe);
    fan_chan_free(input);
    fan_chan_free(output);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("negative");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, a_task_fails_with_the_number_it_returns, 0, ALL);
    tcase_add_loop_test(cases, a_task_with_options_around_it_does_so_too, 0, ALL);
    tcase_add_loop_test(cases, so_does_an_asynchronous_one_at_its_start, 0, ALL);
    tcase_add_loop_test(cases, and_at_its_completion, 0, ALL);
    tcase_add_test(cases, a_completion_with_a_number_that_does_not_fit_is_misuse);
    tcase_add_test(cases, a_report_tells_the_number);
    tcase_add_loop_test(cases, a_group_returns_it, 0, NUMBERS);
    tcase_add_loop_test(cases, a_stage_ends_with_it_or_skips_it, 0, 2 * NUMBERS);
    return suite_run("negative", cases);
}
