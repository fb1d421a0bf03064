/* Hedges in the executor: of a task that takes long a second copy is run, and the first success
 * counts, once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow/fanout.h"
#include "run/atomic.h"
#include "run/thread.h"
#include "run/time.h"
#include "sync/chan.h"
#include "sync/timer.h"
#include "tests/support/suite.h"

enum { TASKS = 600, SLOW = 400, FIRST = 100000, SECOND = 200000 };

/* What a copy of the slow task does; the first one after the second has begun. */
enum act {
    SUCCEEDS,
    FAILS,
    PANICS,
    HEEDS, /* waits for its context, and then succeeds all the same, with nonsense */
    IS_DEAF,
};

static struct fan_hedger hedger;
static struct fan_stream_options options;
static enum act first, second;
static struct fan_chan *second_has_begun; /* closed by then */
static struct fan_chan *never, *hold;
static uint64_t copies[TASKS]; /* atomic: of each task, begun */
static uint64_t cancelled;     /* atomic: copies that were */
static int tasks[TASKS], results[TASKS], errors[TASKS];
static struct fan_report report;

static void set_up(void)
{
    fan_hedger_init(&hedger, &(struct fan_hedger_options){.delay_ns = 2 * FAN_MILLISECOND,
                                                          .extra_percent = 100});
    options = (struct fan_stream_options){.limit = 2, .hedger = &hedger};
    first = HEEDS;
    second = SUCCEEDS;
    second_has_begun = fan_chan_new("second", 1, 0);
    never = fan_chan_new("never", 1, 0);
    hold = fan_chan_new("hold", 1, 0);
    memset(copies, 0, sizeof copies);
    cancelled = 0;
    report = (struct fan_report){0};
    for (int i = 0; i < TASKS; i++)
        tasks[i] = i;
}

static void tear_down(void)
{
    fan_thread_wait_all();
    fan_report_free(&report);
    fan_hedger_destroy(&hedger);
    fan_chan_free(second_has_begun);
    fan_chan_free(never);
    fan_chan_free(hold);
}

static int number_of(const void *task)
{
    int number;
    memcpy(&number, task, sizeof number);
    return number;
}

static int act(enum act act, struct fan_ctx *ctx, int error, int *result)
{
    if (act == HEEDS) {
        fan_chan_recv(never, NULL, ctx);
        fan_atomic_fetch_add(&cancelled, 1, FAN_SEQ_CST);
        *result = -1;
    }
    if (act == IS_DEAF)
        fan_chan_recv(hold, NULL, NULL);
    if (act == PANICS)
        fan_panic("copy with error %d gives up", error);
    return act == FAILS ? error : 0;
}

static int run(void *argument, struct fan_ctx *ctx, const void *task, void *result)
{
    (void)argument;
    int number = number_of(task), value = FIRST + number;
    bool is_second = fan_atomic_fetch_add(&copies[number], 1, FAN_SEQ_CST) == 1;
    int error = 0;
    if (number == SLOW && is_second) {
        value = SECOND + number;
        fan_chan_close(second_has_begun);
        error = act(second, ctx, ERANGE, &value);
    } else if (number == SLOW) {
        if (first != HEEDS)
            fan_chan_recv(second_has_begun, NULL, ctx);
        error = act(first, ctx, EDOM, &value);
    }
    memcpy(result, &value, sizeof value);
    return error;
}

static int call(struct fan_ctx *ctx)
{
    return fan_out(
        ctx, tasks, TASKS,
        &(struct fan_work){.run = run, .task_size = sizeof(int), .result_size = sizeof(int)},
        results, errors, &options, &report);
}

/* Where a machine is busy, other tasks may take as long, too. */
static void hedged_once(bool won)
{
    ck_assert_uint_eq(copies[SLOW], 2);
    ck_assert_uint_ge(report.hedges, 1);
    ck_assert_uint_le(report.hedges_won, report.hedges - !won);
    ck_assert_uint_ge(report.hedges_won, won);
    ck_assert_uint_eq(report.submitted, TASKS);
    ck_assert_uint_eq(report.done + report.failed, TASKS);
}

START_TEST(the_second_copys_success_is_the_tasks)
{
    options.ordered = _i;
    ck_assert_int_eq(call(NULL), 0);
    hedged_once(true);
    ck_assert_uint_eq(cancelled, 1);
    ck_assert_int_eq(results[SLOW], SECOND + SLOW);
    for (int i = 0; i < TASKS; i++)
        ck_assert(i == SLOW || results[i] == FIRST + i);
}
END_TEST

/* The loser writes a result of its own after that, which is nobody's. */
START_TEST(the_first_copys_success_cancels_the_second)
{
    first = SUCCEEDS;
    second = HEEDS;
    ck_assert_int_eq(call(NULL), 0);
    hedged_once(false);
    ck_assert_uint_eq(cancelled, 1);
    ck_assert_int_eq(results[SLOW], FIRST + SLOW);
}
END_TEST

START_TEST(a_failure_or_a_panic_of_the_first_copy_leaves_it_to_the_second)
{
    first = _i ? PANICS : FAILS;
    ck_assert_int_eq(call(NULL), 0);
    hedged_once(true);
    ck_assert_uint_eq(report.error_count, 0);
    ck_assert_int_eq(results[SLOW], SECOND + SLOW);
}
END_TEST

START_TEST(a_failure_or_a_panic_of_the_second_copy_leaves_it_to_the_first)
{
    first = SUCCEEDS;
    second = _i ? PANICS : FAILS;
    ck_assert_int_eq(call(NULL), 0);
    hedged_once(false);
    ck_assert_int_eq(results[SLOW], FIRST + SLOW);
}
END_TEST

START_TEST(if_both_fail_the_first_ones_error_is_the_tasks)
{
    first = second = _i ? PANICS : FAILS;
    options.policy = FAN_COLLECT_ALL;
    ck_assert_int_eq(call(NULL), _i ? ENOTRECOVERABLE : EDOM);
    hedged_once(false);
    ck_assert_uint_eq(report.failed, 1);
    ck_assert_uint_eq(report.errors[0].index, SLOW);
    ck_assert_int_eq(errors[SLOW], _i ? ENOTRECOVERABLE : EDOM);
    if (_i)
        ck_assert_ptr_nonnull(strstr(report.errors[0].panic->message, "error 33 "));
}
END_TEST

/* Without a delay it waits for as long as most have taken so far. */
START_TEST(a_task_is_hedged_that_takes_longer_than_most)
{
    fan_hedger_destroy(&hedger);
    fan_hedger_init(&hedger, &(struct fan_hedger_options){.percentile = 99});
    ck_assert_int_eq(call(NULL), 0);
    hedged_once(true);
}
END_TEST

static int sleep_for_long(void *argument, struct fan_ctx *ctx, const void *task, void *result)
{
    (void)argument, (void)ctx, (void)task, (void)result;
    fan_sleep(200 * FAN_MICROSECOND, NULL);
    return 0;
}

static int call_with_slow_tasks(double extra_percent)
{
    fan_hedger_destroy(&hedger);
    fan_hedger_init(&hedger, &(struct fan_hedger_options){.delay_ns = FAN_MICROSECOND,
                                                          .extra_percent = extra_percent});
    return fan_out(NULL, tasks, TASKS,
                   &(struct fan_work){.run = sleep_for_long, .task_size = sizeof(int)}, NULL, NULL,
                   &options, &report);
}

/* The control: with a budget of one for each task there is more than 6 %. */
START_TEST(there_is_no_more_extra_work_than_the_budget_says)
{
    ck_assert_int_eq(call_with_slow_tasks(_i ? 100 : 6), 0);
    ck_assert_uint_gt(report.hedges, 0);
    if (_i)
        ck_assert_uint_gt(report.hedges, TASKS * 6 / 100);
    else
        ck_assert_uint_le(report.hedges, TASKS * 6 / 100);
}
END_TEST

/* The first copy has the one permit, and ends by its time-out: five times the delay for the second
 * to be begun. */
START_TEST(a_copy_takes_no_permit_that_is_not_free)
{
    struct fan_semaphore permits;
    struct fan_limiter limiter;
    fan_semaphore_init(&permits, "permits", 1);
    fan_limiter_init(&limiter, &(struct fan_limiter_options){.rule = {.ceiling = 1}});
    options.task_timeout_ns = 10 * FAN_MILLISECOND;
    if (_i)
        options.permits = &permits;
    else
        options.limiter = &limiter;
    ck_assert_int_eq(call(NULL), 0);
    ck_assert_uint_eq(copies[SLOW], 1);
    fan_limiter_destroy(&limiter);
    fan_semaphore_destroy(&permits);
}
END_TEST

START_TEST(a_copy_holds_permits_of_its_own_and_gives_them_back)
{
    struct fan_semaphore permits;
    struct fan_limiter limiter;
    fan_semaphore_init(&permits, "permits", 2);
    fan_limiter_init(&limiter, &(struct fan_limiter_options){.rule = {.floor = 2, .initial = 2}});
    options.permits = &permits;
    options.limiter = &limiter;
    options.limit = 1;
    options.task_timeout_ns = 3600 * FAN_SECOND;
    second = _i ? PANICS : SUCCEEDS;
    first = _i ? SUCCEEDS : HEEDS;
    ck_assert_int_eq(call(NULL), 0);
    hedged_once(!_i);
    fan_limiter_destroy(&limiter);
    fan_semaphore_destroy(&permits);
}
END_TEST

static void cancel_in_the_midst(void *ctx)
{
    fan_chan_recv(second_has_begun, NULL, NULL);
    fan_ctx_cancel(ctx, 0);
}

static int call_and_cancel(void)
{
    struct fan_ctx ctx;
    struct fan_thread *canceller;
    fan_ctx_init(&ctx, NULL);
    ck_assert_int_eq(fan_thread_spawn(NULL, cancel_in_the_midst, &ctx, &canceller), 0);
    int error = call(&ctx);
    fan_thread_join(canceller);
    fan_ctx_destroy(&ctx);
    return error;
}

START_TEST(a_cancel_reaches_both)
{
    second = HEEDS;
    ck_assert_int_eq(call_and_cancel(), ECANCELED);
    ck_assert_uint_eq(cancelled, 2);
    ck_assert_uint_eq(report.done + report.failed + report.cancelled + report.dropped,
                      report.submitted);
}
END_TEST

/* It keeps its thread and its memory until it returns: then nothing is left, as leak checkers
 * see. */
START_TEST(the_call_returns_though_a_copy_runs_on)
{
    first = _i ? HEEDS : IS_DEAF;
    second = IS_DEAF;
    options.linger_ns = FAN_MILLISECOND;
    ck_assert_int_eq(call_and_cancel(), EBUSY);
    ck_assert_uint_gt(fan_thread_count(), 0);
    fan_chan_close(hold);
    fan_thread_wait_all();
    ck_assert_uint_eq(report.done + report.failed + report.cancelled + report.dropped,
                      report.submitted);
}
END_TEST

START_TEST(without_a_thread_for_copies_there_are_none)
{
    fan_thread_set_budget(1);
    options.task_timeout_ns = 10 * FAN_MILLISECOND;
    ck_assert_int_eq(call(NULL), 0);
    ck_assert_uint_eq(report.hedges, 0);
    ck_assert_uint_eq(report.threads, 1);
}
END_TEST

START_TEST(the_calls_threads_have_left_when_it_returns)
{
    ck_assert_int_eq(call(NULL), 0);
    ck_assert_uint_eq(fan_thread_count(), 0);
}
END_TEST

static int start(void *argument, struct fan_ctx *ctx, const void *task, void *result,
                 struct fan_token token)
{
    (void)argument, (void)ctx, (void)task, (void)result;
    fan_token_complete(token, 0);
    return 0;
}

START_TEST(asynchronous_tasks_are_not_hedged)
{
    struct fan_work work = {.start = start, .task_size = sizeof(int)};
    ck_assert_int_eq(fan_out(NULL, tasks, TASKS, &work, NULL, NULL, &options, NULL), EINVAL);
    options.hedger = NULL;
    ck_assert_int_eq(fan_out(NULL, tasks, TASKS, &work, NULL, NULL, &options, NULL), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("hedge");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, the_second_copys_success_is_the_tasks, 0, 2);
    tcase_add_test(cases, the_first_copys_success_cancels_the_second);
    tcase_add_loop_test(cases, a_failure_or_a_panic_of_the_first_copy_leaves_it_to_the_second, 0,
                        2);
    tcase_add_loop_test(cases, a_failure_or_a_panic_of_the_second_copy_leaves_it_to_the_first, 0,
                        2);
    tcase_add_loop_test(cases, if_both_fail_the_first_ones_error_is_the_tasks, 0, 2);
    tcase_add_test(cases, a_task_is_hedged_that_takes_longer_than_most);
    tcase_add_loop_test(cases, there_is_no_more_extra_work_than_the_budget_says, 0, 2);
    tcase_add_loop_test(cases, a_copy_takes_no_permit_that_is_not_free, 0, 2);
    tcase_add_loop_test(cases, a_copy_holds_permits_of_its_own_and_gives_them_back, 0, 2);
    tcase_add_test(cases, a_cancel_reaches_both);
    tcase_add_loop_test(cases, the_call_returns_though_a_copy_runs_on, 0, 2);
    tcase_add_test(cases, without_a_thread_for_copies_there_are_none);
    tcase_add_test(cases, asynchronous_tasks_are_not_hedged);
    tcase_add_test(cases, the_calls_threads_have_left_when_it_returns);
    return suite_run("stream_hedge", cases);
}
