/* How calls with asynchronous tasks end early, and what they leave behind. */
#include <errno.h>

#include "base/random.h"
#include "run/thread.h"
#include "run/time.h"
#include "sync/timer.h"
#include "tests/support/async_job.h"
#include "tests/support/suite.h"

enum { HELD = 4 };

START_TEST(a_cancel_interrupts_the_loop_and_no_more_are_begun)
{
    struct fan_stream_options options = {.limit = HELD, .policy = FAN_COLLECT_ALL};
    async_job.gathers = HELD + 1;
    ck_assert_int_eq(async_job_run_and_cancel(options, HELD), ECANCELED);
    ck_assert(async_job.interrupted);
    ck_assert_uint_eq(async_job.began, HELD);
    ck_assert_uint_eq(async_job.report.failed, HELD);
    for (int i = 0; i < HELD; i++)
        ck_assert_int_eq(async_job.report.errors[i].error, ECANCELED);
    async_job_must_add_up();
}
END_TEST

START_TEST(a_context_that_is_done_begins_nothing)
{
    struct fan_ctx ctx;
    fan_ctx_init(&ctx, NULL);
    fan_ctx_cancel(&ctx, 0);
    async_job.ctx = &ctx;
    ck_assert_int_eq(async_job_run_with_loop((struct fan_stream_options){.limit = 4}), ECANCELED);
    ck_assert_uint_eq(async_job.given, 0);
    fan_ctx_destroy(&ctx);
}
END_TEST

START_TEST(a_deadline_interrupts_the_loop)
{
    struct fan_ctx ctx;
    fan_ctx_init(&ctx,
                 &(struct fan_ctx_options){.deadline_ns = fan_deadline_after(5 * FAN_MILLISECOND)});
    async_job.ctx = &ctx;
    async_job.gathers = HELD + 1;
    ck_assert_int_eq(async_job_run_with_loop((struct fan_stream_options){.limit = HELD}),
                     ETIMEDOUT);
    ck_assert_uint_eq(async_job.report.failed, async_job.began);
    async_job_must_add_up();
    fan_ctx_destroy(&ctx);
}
END_TEST

START_TEST(a_call_may_end_at_any_moment)
{
    struct fan_random random = {.state = 1};
    for (int round = 0; round < 200; round++) {
        async_job_end();
        async_job_begin();
        async_job.tasks = 300;
        async_job.is_impatient = true;
        async_job.gathers = 1 + (unsigned)fan_random_below(&random, 8);
        async_job.fails_every = round % 5 == 0 ? 1 + fan_random_below(&random, 200) : 0;
        async_job.completes_itself_every = 1 + fan_random_below(&random, 5);
        async_job.sink_leaves_at =
            round % 7 == 0 ? fan_random_below(&random, 200) : ASYNC_JOB_NEVER;
        struct fan_stream_options options = {.limit = 1 + (int)fan_random_below(&random, 12),
                                             .window = 1 + (int)fan_random_below(&random, 20),
                                             .ordered = fan_random_below(&random, 2),
                                             .policy = (enum fan_policy)(round % 3)};
        async_job_run_and_cancel(options, 1 + fan_random_below(&random, 250));
        async_job_must_add_up();
        ck_assert_uint_le(async_job.most_at_once, (unsigned)options.limit);
    }
}
END_TEST

/* The loop keeps its tokens, whatever the context says, and completes them when the call is
 * over. */
START_TEST(the_call_returns_though_tokens_are_kept)
{
    struct fan_thread *loop;
    struct fan_ctx ctx;
    struct fan_stream_options options = {
        .limit = HELD, .linger_ns = FAN_MILLISECOND, .ordered = _i & 1};
    fan_ctx_init(&ctx, NULL);
    async_job.ctx = &ctx;
    async_job.cancels_at = HELD;
    async_job.gathers = HELD;
    async_job.loop_waits = true;
    options.task_timeout_ns = _i & 2 ? FAN_SECOND : 0;
    ck_assert_int_eq(fan_thread_spawn(NULL, async_job_loop, NULL, &loop), 0);
    ck_assert_int_eq(async_job_run(options), EBUSY);
    fan_ctx_destroy(&ctx);
    async_job_must_add_up();
    ck_assert_uint_eq(async_job.report.dropped, HELD);
    fan_chan_close(async_job.hold);
    fan_chan_close(async_job.posts);
    fan_thread_join(loop);
    ck_assert_uint_eq(async_job.completed, HELD);
    ck_assert_uint_eq(async_job.put_count, 0);
}
END_TEST

/* One task's start runs on beyond the call, and its token is completed later still. */
START_TEST(the_call_returns_though_a_start_runs_on)
{
    struct fan_thread *loop;
    struct fan_ctx ctx;
    fan_ctx_init(&ctx, NULL);
    async_job.ctx = &ctx;
    async_job.deaf = true;
    async_job.start_waits_at = 2;
    async_job.loop_ends_with = 2;
    ck_assert_int_eq(fan_thread_spawn(NULL, async_job_loop, NULL, &loop), 0);
    ck_assert_int_eq(
        async_job_run((struct fan_stream_options){.limit = 3, .linger_ns = FAN_MILLISECOND}),
        EBUSY);
    fan_ctx_destroy(&ctx);
    async_job_must_add_up();
    ck_assert_uint_ge(async_job.report.dropped, 1);
    fan_chan_close(async_job.hold);
    fan_thread_join(loop);
}
END_TEST

/* Each task waits for its own deadline, which its context has. */
START_TEST(a_task_has_a_deadline_of_its_own)
{
    async_job.tasks = 8;
    async_job.times_out = true;
    ck_assert_int_eq(
        async_job_run_with_loop((struct fan_stream_options){
            .limit = 4, .policy = FAN_COLLECT_ALL, .task_timeout_ns = FAN_MILLISECOND}),
        ETIMEDOUT);
    ck_assert_uint_eq(async_job.report.failed, 8);
    ck_assert(!async_job.interrupted);
    async_job_must_have_put(8);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("async end");
    tcase_add_checked_fixture(cases, async_job_begin, async_job_end);
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, a_cancel_interrupts_the_loop_and_no_more_are_begun);
    tcase_add_test(cases, a_context_that_is_done_begins_nothing);
    tcase_add_test(cases, a_deadline_interrupts_the_loop);
    tcase_add_test(cases, a_call_may_end_at_any_moment);
    tcase_add_loop_test(cases, the_call_returns_though_tokens_are_kept, 0, 4);
    tcase_add_test(cases, the_call_returns_though_a_start_runs_on);
    tcase_add_test(cases, a_task_has_a_deadline_of_its_own);
    return suite_run("async_end", cases);
}
