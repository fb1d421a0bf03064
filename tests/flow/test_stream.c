#include "flow/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "run/atomic.h"
#include "run/thread.h"
#include "run/time.h"
#include "sync/chan.h"
#include "sync/timer.h"
#include "tests/support/suite.h"

enum { HELD = 4, MOST = 20000, NEVER = INT32_MAX };

/* A stream of numbered tasks that goes wrong where it is told to, and keeps what it saw. */
struct job {
    uint64_t tasks;
    uint64_t source_fails_at, sink_leaves_at, panics_at;
    uint64_t fails_every;           /* 0 = never */
    uint64_t slow_every;            /* these sleep for a while */
    struct fan_chan *holding;       /* says that a task waits at `hold` */
    struct fan_chan *hold;          /* tasks wait here if there is one */
    bool deaf;                      /* they wait without the context */
    uint64_t began;                 /* atomic: tasks whose function was called */
    unsigned at_once, most_at_once; /* atomic: tasks that run */
    uint64_t given, put_count;
    uint64_t order[MOST];
    int errors[MOST];
    uint8_t seen[MOST];
    struct fan_ctx *ctx;
    struct fan_report report;
};

static struct job job;

static void set_up(void)
{
    memset(&job, 0, sizeof job);
    job.holding = fan_chan_new("holding", 1, MOST);
    job.tasks = 1000;
    job.source_fails_at = job.sink_leaves_at = job.panics_at = NEVER;
}

static void tear_down(void)
{
    fan_report_free(&job.report);
    fan_thread_wait_all();
    fan_chan_free(job.holding);
}

static int next(void *state, struct fan_ctx *ctx, void *task)
{
    (void)state, (void)ctx;
    if (job.given == job.source_fails_at)
        return EIO;
    if (job.given == job.tasks)
        return ENODATA;
    memcpy(task, &job.given, sizeof job.given);
    job.given++;
    return 0;
}

static void note_begin(void)
{
    unsigned now = fan_atomic_fetch_add(&job.at_once, 1, FAN_RELAXED) + 1;
    unsigned most = fan_atomic_load(&job.most_at_once, FAN_RELAXED);
    while (now > most &&
           !fan_atomic_compare_exchange(&job.most_at_once, &most, now, FAN_RELAXED, FAN_RELAXED))
        continue;
    fan_atomic_fetch_add(&job.began, 1, FAN_RELAXED);
}

static int do_task(uint64_t number, struct fan_ctx *ctx)
{
    if (number == job.panics_at)
        fan_panic("task %d gives up", (int)number);
    if (job.hold) {
        fan_chan_send(job.holding, &(char){0}, NULL);
        int error = fan_chan_recv(job.hold, NULL, job.deaf ? NULL : ctx);
        if (error != EPIPE)
            return error;
    }
    if (job.slow_every && number % job.slow_every == 0)
        fan_sleep(2 * FAN_MILLISECOND, NULL);
    return job.fails_every && number % job.fails_every == 0 ? ERANGE : 0;
}

static int square(void *argument, struct fan_ctx *ctx, const void *task, void *result)
{
    (void)argument;
    uint64_t number;
    memcpy(&number, task, sizeof number);
    note_begin();
    int error = do_task(number, ctx);
    fan_atomic_fetch_sub(&job.at_once, 1, FAN_RELAXED);
    number *= number;
    memcpy(result, &number, sizeof number);
    return error;
}

static int put(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    (void)state, (void)ctx;
    uint64_t value;
    if (job.put_count == job.sink_leaves_at)
        return EPIPE;
    memcpy(&value, result->value, sizeof value);
    if (result->error == 0)
        ck_assert_uint_eq(value, result->index * result->index);
    job.errors[job.put_count] = result->error;
    job.order[job.put_count++] = result->index;
    job.seen[result->index]++;
    return 0;
}

static int run(struct fan_stream_options options)
{
    return fan_out_stream(job.ctx, &(struct fan_source){.next = next},
                          &(struct fan_work){.run = square,
                                             .task_size = sizeof(uint64_t),
                                             .result_size = sizeof(uint64_t)},
                          &(struct fan_sink){.put = put}, &options, &job.report);
}

static void everything_is_accounted_for(void)
{
    const struct fan_report *report = &job.report;
    ck_assert_uint_eq(report->submitted, job.given);
    ck_assert_uint_eq(report->done + report->failed + report->cancelled + report->dropped,
                      report->submitted);
}

static void each_was_put_once(uint64_t count)
{
    ck_assert_uint_eq(job.put_count, count);
    for (uint64_t i = 0; i < count; i++)
        ck_assert_uint_eq(job.seen[i], 1);
}

START_TEST(every_task_is_run_and_every_result_handed_over_once)
{
    job.tasks = MOST;
    ck_assert_int_eq(run((struct fan_stream_options){.limit = _i}), 0);
    each_was_put_once(MOST);
    ck_assert_uint_eq(job.report.done, MOST);
    ck_assert_uint_eq(job.began, MOST);
    everything_is_accounted_for();
}
END_TEST

START_TEST(no_more_tasks_run_at_once_than_the_limit_says)
{
    job.slow_every = 10;
    ck_assert_int_eq(run((struct fan_stream_options){.limit = 3}), 0);
    ck_assert_uint_le(job.most_at_once, 3);
    ck_assert_uint_le(job.report.threads, 3);
    each_was_put_once(job.tasks);
}
END_TEST

START_TEST(results_come_in_the_order_of_their_tasks_if_asked)
{
    job.slow_every = 97;
    ck_assert_int_eq(run((struct fan_stream_options){.limit = 4, .ordered = true, .window = 64}),
                     0);
    ck_assert_uint_eq(job.put_count, job.tasks);
    for (uint64_t i = 0; i < job.tasks; i++)
        ck_assert_uint_eq(job.order[i], i);
}
END_TEST

START_TEST(an_empty_source_and_a_single_task_are_fine)
{
    job.tasks = (uint64_t)_i;
    ck_assert_int_eq(run((struct fan_stream_options){.limit = 4}), 0);
    ck_assert_uint_eq(job.put_count, (uint64_t)_i);
}
END_TEST

START_TEST(fail_fast_returns_the_failure_and_begins_no_more)
{
    job.tasks = MOST;
    job.fails_every = MOST; /* that is task 0 */
    ck_assert_int_eq(run((struct fan_stream_options){.limit = 2}), ERANGE);
    ck_assert_uint_eq(job.report.failed, 1);
    ck_assert_uint_lt(job.began, MOST);
    everything_is_accounted_for();
}
END_TEST

START_TEST(collect_all_runs_all_and_lists_the_failures)
{
    job.fails_every = 10;
    ck_assert_int_eq(run((struct fan_stream_options){.limit = 4, .policy = FAN_COLLECT_ALL}),
                     ERANGE);
    each_was_put_once(job.tasks);
    ck_assert_uint_eq(job.report.failed, job.tasks / 10);
    ck_assert_uint_eq(job.report.error_count, job.tasks / 10);
    for (size_t i = 0; i < job.report.error_count; i++) {
        ck_assert_uint_eq(job.report.errors[i].index, i * 10);
        ck_assert_int_eq(job.report.errors[i].error, ERANGE);
    }
    everything_is_accounted_for();
}
END_TEST

START_TEST(best_effort_hands_over_what_succeeded_and_counts_the_rest)
{
    job.fails_every = 10;
    ck_assert_int_eq(run((struct fan_stream_options){.limit = 4, .policy = FAN_BEST_EFFORT}), 0);
    ck_assert_uint_eq(job.put_count, job.tasks - job.tasks / 10);
    ck_assert_uint_eq(job.report.failed, job.tasks / 10);
    for (uint64_t i = 0; i < job.tasks; i++)
        ck_assert_uint_eq(job.seen[i], i % 10 != 0);
    everything_is_accounted_for();
}
END_TEST

START_TEST(more_failures_than_fit_are_counted)
{
    job.tasks = MOST;
    job.fails_every = 1;
    ck_assert_int_eq(run((struct fan_stream_options){.limit = 4, .policy = FAN_COLLECT_ALL}),
                     ERANGE);
    ck_assert_uint_eq(job.report.failed, MOST);
    ck_assert_uint_eq(job.report.error_count, FAN_REPORT_ERRORS);
}
END_TEST

START_TEST(a_panic_is_its_tasks_failure_and_its_stack_is_kept)
{
    job.panics_at = 300;
    ck_assert_int_eq(run((struct fan_stream_options){.limit = 4, .policy = FAN_COLLECT_ALL}),
                     ENOTRECOVERABLE);
    each_was_put_once(job.tasks);
    ck_assert_uint_eq(job.report.failed, 1);
    ck_assert_uint_eq(job.report.errors[0].index, 300);
    ck_assert_ptr_nonnull(job.report.errors[0].panic);
    ck_assert_str_eq(job.report.errors[0].panic->message, "task 300 gives up");
    ck_assert_uint_gt(job.report.errors[0].panic->stack.depth, 1);
}
END_TEST

START_TEST(a_panic_of_a_task_with_a_time_limit_leaves_nothing_behind)
{
    job.panics_at = 300;
    ck_assert_int_eq(run((struct fan_stream_options){
                         .limit = 4, .policy = FAN_COLLECT_ALL, .task_timeout_ns = FAN_SECOND}),
                     ENOTRECOVERABLE);
    ck_assert_uint_eq(job.report.failed, 1);
    ck_assert_str_eq(job.report.errors[0].panic->message, "task 300 gives up");
}
END_TEST

START_TEST(a_source_that_fails_ends_the_call_after_what_was_taken)
{
    job.source_fails_at = 500;
    ck_assert_int_eq(run((struct fan_stream_options){.limit = 4}), EIO);
    each_was_put_once(500);
    everything_is_accounted_for();
}
END_TEST

START_TEST(a_consumer_that_leaves_ends_the_call)
{
    job.tasks = MOST;
    job.sink_leaves_at = 100;
    ck_assert_int_eq(run((struct fan_stream_options){.limit = 4}), EPIPE);
    ck_assert_uint_eq(job.put_count, 100);
    ck_assert_uint_eq(job.report.done, 100);
    ck_assert_uint_gt(job.report.dropped, 0);
    ck_assert_uint_lt(job.report.submitted, MOST);
    everything_is_accounted_for();
}
END_TEST

static void cancel_when_held(void *argument)
{
    (void)argument;
    for (int i = 0; i < HELD; i++)
        fan_chan_recv(job.holding, NULL, NULL);
    fan_ctx_cancel(job.ctx, 0);
}

/* Runs a job whose tasks wait at `hold`, and cancels it once four of them do. */
static int run_and_cancel(struct fan_stream_options options)
{
    struct fan_ctx ctx;
    struct fan_thread *canceller;
    fan_ctx_init(&ctx, NULL);
    job.ctx = &ctx;
    job.hold = fan_chan_new("hold", 1, 0);
    options.limit = HELD;
    ck_assert_int_eq(fan_thread_spawn(NULL, cancel_when_held, NULL, &canceller), 0);
    int error = run(options);
    fan_thread_join(canceller);
    fan_ctx_destroy(&ctx);
    return error;
}

START_TEST(a_cancel_reaches_every_task_and_no_more_are_begun)
{
    ck_assert_int_eq(run_and_cancel((struct fan_stream_options){.policy = FAN_COLLECT_ALL}),
                     ECANCELED);
    ck_assert_uint_eq(job.began, HELD);
    ck_assert_uint_eq(job.report.failed, HELD);
    everything_is_accounted_for();
    fan_chan_free(job.hold);
}
END_TEST

START_TEST(a_deadline_ends_the_call)
{
    struct fan_ctx ctx;
    fan_ctx_init(&ctx,
                 &(struct fan_ctx_options){.deadline_ns = fan_deadline_after(5 * FAN_MILLISECOND)});
    job.ctx = &ctx;
    job.hold = fan_chan_new("hold", 1, 0);
    ck_assert_int_eq(run((struct fan_stream_options){.limit = 2}), ETIMEDOUT);
    everything_is_accounted_for();
    fan_ctx_destroy(&ctx);
    fan_chan_free(job.hold);
}
END_TEST

/* What such a task fails with later is nobody's any more, and is not kept for anybody. */
START_TEST(the_call_returns_though_a_task_runs_on)
{
    job.deaf = true;
    job.fails_every = 1;
    ck_assert_int_eq(run_and_cancel((struct fan_stream_options){.linger_ns = FAN_MILLISECOND}),
                     EBUSY);
    everything_is_accounted_for();
    ck_assert_uint_eq(job.report.dropped, HELD);
    fan_chan_close(job.hold);
    fan_thread_wait_all();
    fan_chan_free(job.hold);
}
END_TEST

START_TEST(a_task_is_timed_out_and_the_others_are_not)
{
    job.tasks = 8;
    job.hold = fan_chan_new("hold", 1, 0);
    ck_assert_int_eq(run((struct fan_stream_options){.limit = 4,
                                                     .policy = FAN_COLLECT_ALL,
                                                     .task_timeout_ns = FAN_MILLISECOND}),
                     ETIMEDOUT);
    ck_assert_uint_eq(job.report.failed, 8);
    each_was_put_once(8);
    fan_chan_free(job.hold);
}
END_TEST

START_TEST(wrong_arguments_are_refused)
{
    struct fan_source source = {.next = next};
    struct fan_work work = {.run = square};
    struct fan_sink sink = {.put = put};
    struct fan_stream_options options = {0};
    ck_assert_int_eq(run((struct fan_stream_options){.limit = -1}), EINVAL);
    ck_assert_int_eq(run((struct fan_stream_options){.queue = -1}), EINVAL);
    ck_assert_int_eq(run((struct fan_stream_options){.window = -1}), EINVAL);
    ck_assert_int_eq(run((struct fan_stream_options){.policy = (enum fan_policy)3}), EINVAL);
    ck_assert_int_eq(run((struct fan_stream_options){.policy = (enum fan_policy) - 1}), EINVAL);
    ck_assert_int_eq(fan_out_stream(NULL, NULL, &work, &sink, &options, NULL), EINVAL);
    ck_assert_int_eq(fan_out_stream(NULL, &source, NULL, &sink, &options, NULL), EINVAL);
    ck_assert_int_eq(fan_out_stream(NULL, &source, &work, NULL, &options, NULL), EINVAL);
    work.run = NULL;
    ck_assert_int_eq(fan_out_stream(NULL, &source, &work, &sink, &options, NULL), EINVAL);
    ck_assert_uint_eq(job.given, 0);
}
END_TEST

START_TEST(one_thread_is_enough)
{
    fan_thread_set_budget(1);
    ck_assert_int_eq(run((struct fan_stream_options){.limit = 8}), 0);
    ck_assert_uint_eq(job.report.threads, 1);
    each_was_put_once(job.tasks);
}
END_TEST

static void hold_a_thread(void *hold)
{
    fan_chan_recv(hold, NULL, NULL);
}

START_TEST(without_a_thread_nothing_is_taken)
{
    struct fan_chan *hold = fan_chan_new("hold", 1, 0);
    fan_thread_set_budget(1);
    fan_go("other", hold_a_thread, hold);
    ck_assert_int_eq(run((struct fan_stream_options){.limit = 8}), EAGAIN);
    ck_assert_uint_eq(job.given, 0);
    fan_chan_close(hold);
    fan_thread_wait_all();
    fan_chan_free(hold);
}
END_TEST

/* One task in a hundred sleeps. Nobody is to wait behind it while another thread could go on. */
START_TEST(what_is_left_behind_a_slow_task_is_taken_over)
{
    job.tasks = 4000;
    job.slow_every = 400;
    ck_assert_int_eq(run((struct fan_stream_options){.limit = 8}), 0);
    each_was_put_once(job.tasks);
    ck_assert_uint_gt(job.report.stolen + job.report.threads, 2);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("stream");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, every_task_is_run_and_every_result_handed_over_once, 0, 9);
    tcase_add_test(cases, no_more_tasks_run_at_once_than_the_limit_says);
    tcase_add_test(cases, results_come_in_the_order_of_their_tasks_if_asked);
    tcase_add_loop_test(cases, an_empty_source_and_a_single_task_are_fine, 0, 2);
    tcase_add_test(cases, fail_fast_returns_the_failure_and_begins_no_more);
    tcase_add_test(cases, collect_all_runs_all_and_lists_the_failures);
    tcase_add_test(cases, best_effort_hands_over_what_succeeded_and_counts_the_rest);
    tcase_add_test(cases, more_failures_than_fit_are_counted);
    tcase_add_test(cases, a_panic_is_its_tasks_failure_and_its_stack_is_kept);
    tcase_add_test(cases, a_panic_of_a_task_with_a_time_limit_leaves_nothing_behind);
    tcase_add_test(cases, a_source_that_fails_ends_the_call_after_what_was_taken);
    tcase_add_test(cases, a_consumer_that_leaves_ends_the_call);
    tcase_add_test(cases, a_cancel_reaches_every_task_and_no_more_are_begun);
    tcase_add_test(cases, a_deadline_ends_the_call);
    tcase_add_test(cases, the_call_returns_though_a_task_runs_on);
    tcase_add_test(cases, a_task_is_timed_out_and_the_others_are_not);
    tcase_add_test(cases, wrong_arguments_are_refused);
    tcase_add_test(cases, one_thread_is_enough);
    tcase_add_test(cases, without_a_thread_nothing_is_taken);
    tcase_add_test(cases, what_is_left_behind_a_slow_task_is_taken_over);
    return suite_run("stream", cases);
}
