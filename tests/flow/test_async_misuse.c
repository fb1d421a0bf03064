/* Misuse of tokens, and calls that are not to begin. */
#include <errno.h>
#include <string.h>

#include "base/panic.h"
#include "run/thread.h"
#include "tests/support/async_job.h"
#include "tests/support/suite.h"

static void complete_again(void *token)
{
    fan_token_complete(*(struct fan_token *)token, 0);
}

static bool is_misuse(struct fan_token token)
{
    struct fan_panic panic;
    return !fan_recover(complete_again, &token, &panic) && panic.kind == FAN_PANIC_MISUSE;
}

struct misuse {
    struct fan_token kept; /* of task 0 */
    int fails;             /* task 0, at its start */
    bool at_once, later;   /* what was found out */
};

static int start_and_misuse(void *argument, struct fan_ctx *ctx, const void *task, void *result,
                            struct fan_token token)
{
    struct misuse *misuse = argument;
    uint64_t number;
    (void)ctx, (void)result;
    memcpy(&number, task, sizeof number);
    if (number > 0) {
        misuse->later = is_misuse(misuse->kept);
        fan_token_complete(token, 0);
        return 0;
    }
    misuse->kept = token;
    if (misuse->fails)
        return misuse->fails;
    fan_token_complete(token, 0);
    misuse->at_once = is_misuse(token);
    return 0;
}

static int put_anything(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    (void)state, (void)ctx, (void)result;
    return 0;
}

static int run_and_misuse(struct misuse *misuse)
{
    struct fan_work work = {.start = start_and_misuse,
                            .argument = misuse,
                            .task_size = sizeof(uint64_t),
                            .result_size = sizeof(uint64_t)};
    async_job.tasks = 50;
    return fan_out_stream(
        NULL, &(struct fan_source){.next = async_job_next}, &work,
        &(struct fan_sink){.put = put_anything},
        &(struct fan_stream_options){.limit = 1, .queue = 1, .policy = FAN_BEST_EFFORT},
        &async_job.report);
}

START_TEST(a_second_completion_panics_at_once_and_long_after)
{
    struct misuse misuse = {.fails = 0};
    ck_assert_int_eq(run_and_misuse(&misuse), 0);
    ck_assert(misuse.at_once);
    ck_assert(misuse.later);
    ck_assert_uint_eq(async_job.report.done, 50);
}
END_TEST

START_TEST(a_task_that_failed_at_its_start_is_not_to_be_completed)
{
    struct misuse misuse = {.fails = ERANGE};
    ck_assert_int_eq(run_and_misuse(&misuse), 0);
    ck_assert(misuse.later);
    ck_assert_uint_eq(async_job.report.done, 49);
    ck_assert_uint_eq(async_job.report.failed, 1);
}
END_TEST

static int start_both(void *argument, struct fan_ctx *ctx, const void *task, void *result,
                      struct fan_token token)
{
    (void)argument, (void)ctx, (void)task, (void)result;
    fan_token_complete(token, 0);
    return ERANGE;
}

START_TEST(a_task_that_is_completed_and_fails_has_panicked)
{
    struct fan_work work = {
        .start = start_both, .task_size = sizeof(uint64_t), .result_size = sizeof(uint64_t)};
    async_job.tasks = 1;
    ck_assert_int_eq(fan_out_stream(NULL, &(struct fan_source){.next = async_job_next}, &work,
                                    &(struct fan_sink){.put = async_job_put},
                                    &(struct fan_stream_options){0}, &async_job.report),
                     ENOTRECOVERABLE);
    ck_assert_int_eq(async_job.report.errors[0].panic->kind, FAN_PANIC_MISUSE);
}
END_TEST

static int run_both(void *argument, struct fan_ctx *ctx, const void *task, void *result)
{
    (void)argument, (void)ctx, (void)task, (void)result;
    return 0;
}

START_TEST(a_task_either_blocks_or_is_asynchronous)
{
    struct fan_work work = {.start = async_job_start, .run = run_both};
    ck_assert_int_eq(fan_out_stream(NULL, &(struct fan_source){.next = async_job_next}, &work,
                                    &(struct fan_sink){.put = async_job_put},
                                    &(struct fan_stream_options){0}, NULL),
                     EINVAL);
}
END_TEST

START_TEST(without_a_thread_nothing_is_taken)
{
    fan_thread_set_budget(1);
    fan_go("loop", async_job_loop, NULL);
    ck_assert_int_eq(async_job_run((struct fan_stream_options){.limit = 8}), EAGAIN);
    ck_assert_uint_eq(async_job.given, 0);
    fan_chan_close(async_job.posts);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("async misuse");
    tcase_add_checked_fixture(cases, async_job_begin, async_job_end);
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, a_second_completion_panics_at_once_and_long_after);
    tcase_add_test(cases, a_task_that_failed_at_its_start_is_not_to_be_completed);
    tcase_add_test(cases, a_task_that_is_completed_and_fails_has_panicked);
    tcase_add_test(cases, a_task_either_blocks_or_is_asynchronous);
    tcase_add_test(cases, without_a_thread_nothing_is_taken);
    return suite_run("async_misuse", cases);
}
