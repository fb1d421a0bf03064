/* Asynchronous tasks: what the executor promises for tasks that are completed by a token. How calls
 * end is test_async_end.c's. */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "flow/fanout.h"
#include "run/atomic.h"
#include "run/thread.h"
#include "tests/support/async_job.h"
#include "tests/support/suite.h"

START_TEST(every_task_is_completed_and_every_result_handed_over_once)
{
    async_job.tasks = ASYNC_JOB_MOST;
    async_job.completes_itself_every = 7;
    ck_assert_int_eq(async_job_run_with_loop((struct fan_stream_options){.limit = _i}), 0);
    async_job_must_have_put(ASYNC_JOB_MOST);
    ck_assert_uint_eq(async_job.report.done, ASYNC_JOB_MOST);
    ck_assert_uint_eq(async_job.began, ASYNC_JOB_MOST);
    async_job_must_add_up();
}
END_TEST

/* The loop completes none before it has as many as may be in flight: so there are as many; and a
 * higher limit has more. */
START_TEST(as_many_tasks_are_in_flight_as_the_limit_says_and_no_more)
{
    unsigned limit = _i ? 250 : 10;
    async_job.gathers = limit;
    ck_assert_int_eq(async_job_run_with_loop((struct fan_stream_options){.limit = (int)limit}), 0);
    ck_assert_uint_eq(async_job.most_at_once, limit);
    ck_assert_uint_lt(async_job.report.threads, 25);
    async_job_must_have_put(async_job.tasks);
}
END_TEST

START_TEST(tasks_that_complete_themselves_need_no_loop)
{
    async_job.completes_itself_every = 1;
    ck_assert_int_eq(async_job_run((struct fan_stream_options){.limit = 3}), 0);
    ck_assert_uint_le(async_job.most_at_once, 3);
    async_job_must_have_put(async_job.tasks);
}
END_TEST

START_TEST(results_come_in_the_order_of_their_tasks_if_asked)
{
    async_job.gathers = 8;
    ck_assert_int_eq(async_job_run_with_loop(
                         (struct fan_stream_options){.limit = 8, .ordered = true, .window = _i}),
                     0);
    async_job_must_have_put(async_job.tasks);
    for (uint64_t i = 0; i < async_job.tasks; i++)
        ck_assert_uint_eq(async_job.order[i], i);
}
END_TEST

/* The loop completes the latest of eight, and the others when that one has been handed over. */
START_TEST(without_an_order_the_latest_completed_need_not_wait)
{
    async_job.gathers = 8;
    async_job.loop_waits_at = async_job.sink_opens_hold_at = 1;
    ck_assert_int_eq(async_job_run_with_loop((struct fan_stream_options){.limit = 8}), 0);
    ck_assert_uint_eq(async_job.order[0], async_job.completed_in[0]);
    async_job_must_have_put(async_job.tasks);
}
END_TEST

START_TEST(an_empty_source_and_a_single_task_are_fine)
{
    async_job.tasks = (uint64_t)_i;
    ck_assert_int_eq(
        async_job_run_with_loop((struct fan_stream_options){.limit = 4, .ordered = _i}), 0);
    ck_assert_uint_eq(async_job.put_count, (uint64_t)_i);
}
END_TEST

static void *turn_in_foreign_thread(void *unused)
{
    async_job_loop(unused);
    return NULL;
}

START_TEST(a_foreign_thread_may_complete)
{
    pthread_t loop;
    ck_assert_int_eq(pthread_create(&loop, NULL, turn_in_foreign_thread, NULL), 0);
    ck_assert_int_eq(async_job_run((struct fan_stream_options){.limit = 16}), 0);
    fan_chan_close(async_job.posts);
    pthread_join(loop, NULL);
    async_job_must_have_put(async_job.tasks);
}
END_TEST

START_TEST(an_array_can_be_fanned_out)
{
    uint64_t tasks[100], results[100];
    struct fan_thread *loop;
    struct fan_work work = {
        .start = async_job_start, .task_size = sizeof tasks[0], .result_size = sizeof results[0]};
    for (uint64_t i = 0; i < 100; i++)
        tasks[i] = i;
    ck_assert_int_eq(fan_thread_spawn(NULL, async_job_loop, NULL, &loop), 0);
    ck_assert_int_eq(fan_out(NULL, tasks, 100, &work, results, NULL,
                             &(struct fan_stream_options){.limit = 5}, NULL),
                     0);
    fan_chan_close(async_job.posts);
    fan_thread_join(loop);
    for (uint64_t i = 0; i < 100; i++)
        ck_assert_uint_eq(results[i], i * i);
}
END_TEST

/* ---- failures ---- */

static void some_fail(int where)
{
    async_job.fails_every = where == 0 ? 10 : 0;
    async_job.fails_at_start_every = where == 0 ? 0 : 10;
}

START_TEST(fail_fast_returns_the_failure_and_begins_no_more)
{
    async_job.tasks = ASYNC_JOB_MOST;
    some_fail(_i);
    ck_assert_int_eq(async_job_run_with_loop((struct fan_stream_options){.limit = 2}), ERANGE);
    ck_assert_uint_ge(async_job.report.failed, 1);
    ck_assert_uint_lt(async_job.began, ASYNC_JOB_MOST);
    async_job_must_add_up();
}
END_TEST

START_TEST(collect_all_runs_all_and_lists_the_failures)
{
    some_fail(_i);
    ck_assert_int_eq(
        async_job_run_with_loop((struct fan_stream_options){.limit = 4, .policy = FAN_COLLECT_ALL}),
        ERANGE);
    async_job_must_have_put(async_job.tasks);
    ck_assert_uint_eq(async_job.report.error_count, async_job.tasks / 10);
    for (size_t i = 0; i < async_job.report.error_count; i++) {
        ck_assert_uint_eq(async_job.report.errors[i].index, i * 10);
        ck_assert_int_eq(async_job.report.errors[i].error, ERANGE);
    }
    async_job_must_add_up();
}
END_TEST

START_TEST(best_effort_hands_over_what_succeeded_and_counts_the_rest)
{
    some_fail(_i);
    ck_assert_int_eq(
        async_job_run_with_loop((struct fan_stream_options){.limit = 4, .policy = FAN_BEST_EFFORT}),
        0);
    ck_assert_uint_eq(async_job.report.failed, async_job.tasks / 10);
    for (uint64_t i = 0; i < async_job.tasks; i++)
        ck_assert_uint_eq(async_job.seen[i], i % 10 != 0);
    async_job_must_add_up();
}
END_TEST

static void task_300_has_panicked(const char *message)
{
    async_job_must_have_put(async_job.tasks);
    ck_assert_uint_eq(async_job.report.failed, 1);
    ck_assert_uint_eq(async_job.report.errors[0].index, 300);
    ck_assert_int_eq(async_job.report.errors[0].error, ENOTRECOVERABLE);
    ck_assert_ptr_nonnull(async_job.report.errors[0].panic);
    ck_assert_str_eq(async_job.report.errors[0].panic->message, message);
    async_job_must_add_up();
}

START_TEST(a_panic_in_start_is_its_tasks_failure_and_its_stack_is_kept)
{
    async_job.panics_at = 300;
    ck_assert_int_eq(
        async_job_run_with_loop((struct fan_stream_options){.limit = 4, .policy = FAN_COLLECT_ALL}),
        ENOTRECOVERABLE);
    task_300_has_panicked("task 300 gives up");
}
END_TEST

START_TEST(a_panic_after_the_completion_is_a_failure_too)
{
    async_job.panics_late_at = 300;
    async_job.completes_itself_every = 300;
    ck_assert_int_eq(
        async_job_run_with_loop((struct fan_stream_options){.limit = 4, .policy = FAN_COLLECT_ALL}),
        ENOTRECOVERABLE);
    task_300_has_panicked("task 300 gives up late");
}
END_TEST

START_TEST(a_source_that_fails_ends_the_call_after_what_was_taken)
{
    async_job.source_fails_at = 500;
    ck_assert_int_eq(async_job_run_with_loop((struct fan_stream_options){.limit = 4}), EIO);
    async_job_must_have_put(500);
    async_job_must_add_up();
}
END_TEST

START_TEST(a_consumer_that_leaves_ends_the_call)
{
    async_job.tasks = ASYNC_JOB_MOST;
    async_job.sink_leaves_at = 100;
    ck_assert_int_eq(async_job_run_with_loop((struct fan_stream_options){.limit = 4}), EPIPE);
    ck_assert_uint_eq(async_job.put_count, 100);
    ck_assert_uint_eq(async_job.report.done, 100);
    ck_assert_uint_gt(async_job.report.dropped, 0);
    async_job_must_add_up();
}
END_TEST

/* ---- functions that block ---- */

START_TEST(a_source_that_waits_keeps_no_result_from_the_sink)
{
    async_job.tasks = 20;
    async_job.source_waits_at = 10;
    async_job.source_blocks = _i;
    async_job.sink_opens_hold_at = 10;
    ck_assert_int_eq(async_job_run_with_loop((struct fan_stream_options){.limit = 1}), 0);
    async_job_must_have_put(async_job.tasks);
}
END_TEST

START_TEST(a_sink_that_waits_keeps_no_task_from_its_start)
{
    async_job.tasks = 20;
    async_job.sink_waits_at = 0;
    async_job.opens_hold_at = 20;
    ck_assert_int_eq(
        async_job_run_with_loop((struct fan_stream_options){.limit = 2, .ordered = _i}), 0);
    async_job_must_have_put(async_job.tasks);
}
END_TEST

START_TEST(a_start_that_waits_keeps_no_others_waiting)
{
    async_job.tasks = 20;
    async_job.start_waits_at = 3;
    async_job.opens_hold_at = 16;
    ck_assert_int_eq(async_job_run_with_loop((struct fan_stream_options){.limit = 2}), 0);
    async_job_must_have_put(async_job.tasks);
}
END_TEST

static uint64_t waits_at;

static int wait_for_the_next(void *argument, struct fan_ctx *ctx, const void *task, void *result,
                             struct fan_token token)
{
    uint64_t number;
    (void)argument;
    memcpy(&number, task, sizeof number);
    memcpy(result, task, sizeof number);
    if (number == waits_at)
        fan_chan_recv(async_job.hold, NULL, ctx);
    if (number == waits_at + 1)
        fan_chan_close(async_job.hold);
    fan_token_complete(token, ECANCELED);
    return 0;
}

/* Both are tasks of one batch, if that is how they fall. */
START_TEST(what_is_completed_in_its_start_does_not_count_behind_one_that_waits)
{
    waits_at = (uint64_t)_i;
    async_job.tasks = 40;
    struct fan_work work = {.start = wait_for_the_next, .task_size = 8, .result_size = 8};
    struct fan_stream_options options = {.limit = 2, .policy = FAN_BEST_EFFORT};
    int error =
        fan_out_stream(NULL, &(struct fan_source){.next = async_job_next}, &work,
                       &(struct fan_sink){.put = async_job_put}, &options, &async_job.report);
    ck_assert_int_eq(error, 0);
    ck_assert_uint_eq(async_job.report.failed, async_job.tasks);
}
END_TEST

enum { THREADS = 64 /* the most of such a call */, LATE = 15000 };

static struct fan_chan *all_here;
static uint64_t here; /* atomic */

/* The first ones wait for each other, so that there are all threads; a late one for the next. */
static int start_with_all(void *argument, struct fan_ctx *ctx, const void *task, void *result,
                          struct fan_token token)
{
    uint64_t number;
    (void)argument, (void)result;
    memcpy(&number, task, sizeof number);
    if (number < THREADS && fan_atomic_fetch_add(&here, 1, FAN_RELAXED) == THREADS - 1)
        fan_chan_close(all_here);
    if (number < THREADS)
        fan_chan_recv(all_here, NULL, ctx);
    if (number == LATE)
        fan_chan_recv(async_job.hold, NULL, ctx);
    if (number == LATE + 1)
        fan_chan_close(async_job.hold);
    fan_token_complete(token, ECANCELED);
    return 0;
}

START_TEST(a_start_that_waits_keeps_no_others_waiting_where_all_threads_are_there)
{
    all_here = fan_chan_new("all here", 1, 0);
    async_job.tasks = LATE + 100;
    struct fan_work work = {.start = start_with_all, .task_size = 8, .result_size = 8};
    struct fan_stream_options options = {.limit = 200, .policy = FAN_BEST_EFFORT};
    int error =
        fan_out_stream(NULL, &(struct fan_source){.next = async_job_next}, &work,
                       &(struct fan_sink){.put = async_job_put}, &options, &async_job.report);
    fan_chan_free(all_here);
    ck_assert_int_eq(error, 0);
    ck_assert_uint_eq(async_job.report.failed, async_job.tasks);
    ck_assert_uint_eq(async_job.report.threads, THREADS);
}
END_TEST

/* One beside the loop's; source and sink would each have liked one to themselves. */
START_TEST(where_one_thread_is_to_be_had_it_does_all)
{
    fan_thread_set_budget(2);
    async_job.source_blocks = true;
    async_job.gathers = 10;
    ck_assert_int_eq(
        async_job_run_with_loop((struct fan_stream_options){.limit = 10, .ordered = _i}), 0);
    ck_assert_uint_eq(async_job.report.threads, 1);
    async_job_must_have_put(async_job.tasks);
}
END_TEST

/* What is taken from the source and not handed over is bounded, also where nobody takes results. */
START_TEST(no_more_is_kept_than_limit_and_queue)
{
    async_job.completes_itself_every = 1;
    async_job.sink_waits_at = 0;
    async_job.source_opens_hold_at = 50;
    ck_assert_int_eq(async_job_run_with_loop((struct fan_stream_options){.limit = 10, .queue = 40}),
                     0);
    async_job_must_have_put(async_job.tasks);
    ck_assert_uint_eq(async_job.most_kept, 50);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("async");
    tcase_add_checked_fixture(cases, async_job_begin, async_job_end);
    tcase_set_timeout(cases, 30);
    tcase_add_loop_test(cases, every_task_is_completed_and_every_result_handed_over_once, 0, 9);
    tcase_add_loop_test(cases, as_many_tasks_are_in_flight_as_the_limit_says_and_no_more, 0, 2);
    tcase_add_test(cases, tasks_that_complete_themselves_need_no_loop);
    tcase_add_loop_test(cases, results_come_in_the_order_of_their_tasks_if_asked, 0, 3);
    tcase_add_test(cases, without_an_order_the_latest_completed_need_not_wait);
    tcase_add_loop_test(cases, an_empty_source_and_a_single_task_are_fine, 0, 2);
    tcase_add_test(cases, a_foreign_thread_may_complete);
    tcase_add_test(cases, an_array_can_be_fanned_out);
    tcase_add_loop_test(cases, fail_fast_returns_the_failure_and_begins_no_more, 0, 2);
    tcase_add_loop_test(cases, collect_all_runs_all_and_lists_the_failures, 0, 2);
    tcase_add_loop_test(cases, best_effort_hands_over_what_succeeded_and_counts_the_rest, 0, 2);
    tcase_add_test(cases, a_panic_in_start_is_its_tasks_failure_and_its_stack_is_kept);
    tcase_add_test(cases, a_panic_after_the_completion_is_a_failure_too);
    tcase_add_test(cases, a_source_that_fails_ends_the_call_after_what_was_taken);
    tcase_add_test(cases, a_consumer_that_leaves_ends_the_call);
    tcase_add_loop_test(cases, a_source_that_waits_keeps_no_result_from_the_sink, 0, 2);
    tcase_add_loop_test(cases, a_sink_that_waits_keeps_no_task_from_its_start, 0, 2);
    tcase_add_test(cases, a_start_that_waits_keeps_no_others_waiting);
    tcase_add_loop_test(cases, what_is_completed_in_its_start_does_not_count_behind_one_that_waits,
                        0, 12);
    tcase_add_test(cases, a_start_that_waits_keeps_no_others_waiting_where_all_threads_are_there);
    tcase_add_loop_test(cases, where_one_thread_is_to_be_had_it_does_all, 0, 2);
    tcase_add_test(cases, no_more_is_kept_than_limit_and_queue);
    return suite_run("async", cases);
}
