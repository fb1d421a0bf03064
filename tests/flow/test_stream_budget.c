/* The time that is left of a call: a task that needs more is not begun, and some is kept for the
 * join. */
#include <errno.h>
#include <string.h>

#include "flow/fanout.h"
#include "run/atomic.h"
#include "run/time.h"
#include "sync/chan.h"
#include "tests/support/suite.h"

enum { TASKS = 100 };

#define HOUR (3600 * FAN_SECOND)

static struct fan_ctx ctx;
static struct fan_chan *never; /* nothing ever comes from it */
static struct fan_report report;
static uint64_t begun;            /* atomic */
static uint64_t earliest, latest; /* atomic: the deadlines that tasks were given */
static int tasks[TASKS], errors[TASKS];

static void set_up(void)
{
    fan_ctx_init(&ctx, &(struct fan_ctx_options){.deadline_ns = fan_deadline_after(HOUR)});
    never = fan_chan_new("never", 1, 0);
    report = (struct fan_report){0};
    begun = latest = 0;
    earliest = UINT64_MAX;
    for (int i = 0; i < TASKS; i++)
        tasks[i] = i;
}

static void tear_down(void)
{
    fan_report_free(&report);
    fan_ctx_destroy(&ctx);
    fan_chan_free(never);
}

static int number_of(const void *task)
{
    int number;
    memcpy(&number, task, sizeof number);
    return number;
}

static int quick(void *argument, struct fan_ctx *task_ctx, const void *task, void *result)
{
    (void)argument, (void)task, (void)result;
    uint64_t deadline_ns = fan_ctx_deadline(task_ctx);
    fan_atomic_fetch_add(&begun, 1, FAN_SEQ_CST);
    if (deadline_ns < fan_atomic_load(&earliest, FAN_SEQ_CST))
        fan_atomic_store(&earliest, deadline_ns, FAN_SEQ_CST);
    if (deadline_ns > fan_atomic_load(&latest, FAN_SEQ_CST))
        fan_atomic_store(&latest, deadline_ns, FAN_SEQ_CST);
    return 0;
}

/* Every tenth waits until its context is done. */
static int some_hang(void *argument, struct fan_ctx *task_ctx, const void *task, void *result)
{
    quick(argument, task_ctx, task, result);
    return number_of(task) % 10 == 5 ? fan_chan_recv(never, NULL, task_ctx) : 0;
}

/* Odd tasks need more than there is. */
static uint64_t odd_ones_take_long(void *argument, const void *task)
{
    (void)argument;
    return number_of(task) % 2 ? 2 * HOUR : FAN_SECOND;
}

static int call(const struct fan_work *work, struct fan_stream_options options)
{
    options.limit = 2;
    return fan_out(&ctx, tasks, TASKS, work, NULL, errors, &options, &report);
}

static const struct fan_work quick_work = {.run = quick, .task_size = sizeof(int)};
static const struct fan_work hanging_work = {.run = some_hang, .task_size = sizeof(int)};

static void cancelled_are(uint64_t count)
{
    ck_assert_uint_eq(report.cancelled, count);
    ck_assert_uint_eq(report.done + report.failed + report.cancelled + report.dropped,
                      report.submitted);
}

START_TEST(a_task_that_needs_more_time_than_is_left_is_not_begun)
{
    static const int results[] = {
        [FAN_FAIL_FAST] = ETIMEDOUT, [FAN_COLLECT_ALL] = ETIMEDOUT, [FAN_BEST_EFFORT] = 0};
    ck_assert_int_eq(call(&quick_work, (struct fan_stream_options){.policy = (enum fan_policy)_i,
                                                                   .needs_ns = 2 * HOUR}),
                     results[_i]);
    ck_assert_uint_eq(begun, 0);
    cancelled_are(report.submitted);
    ck_assert_int_eq(errors[0], ETIMEDOUT);
    ck_assert_int_eq(report.errors[0].error, ETIMEDOUT);
}
END_TEST

START_TEST(one_that_needs_less_is_begun)
{
    ck_assert_int_eq(call(&quick_work, (struct fan_stream_options){.needs_ns = HOUR / 2}), 0);
    ck_assert_uint_eq(report.done, TASKS);
}
END_TEST

START_TEST(without_a_deadline_there_is_time_for_everything)
{
    struct fan_stream_options options = {.limit = 2, .needs_ns = 2 * HOUR, .reserve_ns = 2 * HOUR};
    ck_assert_int_eq(fan_out(NULL, tasks, TASKS, &quick_work, NULL, errors, &options, &report), 0);
    ck_assert_uint_eq(report.done, TASKS);
    ck_assert_uint_eq(latest, 0);
}
END_TEST

/* They are listed and handed over as what timed out, in their places, and the others are done. */
START_TEST(each_task_may_need_a_time_of_its_own)
{
    struct fan_work work = quick_work;
    work.needs_ns = odd_ones_take_long;
    ck_assert_int_eq(call(&work, (struct fan_stream_options){.policy = FAN_COLLECT_ALL}),
                     ETIMEDOUT);
    cancelled_are(TASKS / 2);
    ck_assert_uint_eq(report.done, TASKS / 2);
    ck_assert_uint_eq(report.error_count, TASKS / 2);
    for (int i = 0; i < TASKS; i++)
        ck_assert_int_eq(errors[i], i % 2 ? ETIMEDOUT : 0);
}
END_TEST

START_TEST(tasks_get_what_is_left_of_the_callers_time_less_what_is_reserved)
{
    ck_assert_int_eq(call(&quick_work, (struct fan_stream_options){.reserve_ns = HOUR / 2}), 0);
    ck_assert_uint_eq(earliest, ctx.deadline_ns - HOUR / 2);
    ck_assert_uint_eq(latest, ctx.deadline_ns - HOUR / 2);
}
END_TEST

START_TEST(a_tasks_own_time_counts_if_it_ends_first)
{
    uint64_t before_ns = fan_now_ns();
    ck_assert_int_eq(call(&quick_work, (struct fan_stream_options){.reserve_ns = HOUR / 2,
                                                                   .task_timeout_ns = HOUR / 4}),
                     0);
    ck_assert_uint_ge(earliest, before_ns + HOUR / 4);
    ck_assert_uint_le(latest, fan_now_ns() + HOUR / 4);
}
END_TEST

START_TEST(a_tasks_own_time_does_not_outlast_the_callers)
{
    ck_assert_int_eq(call(&quick_work, (struct fan_stream_options){.task_timeout_ns = 2 * HOUR}),
                     0);
    ck_assert_uint_eq(latest, ctx.deadline_ns);
}
END_TEST

START_TEST(with_more_reserved_than_there_is_nothing_is_begun)
{
    ck_assert_int_eq(
        call(&quick_work, (struct fan_stream_options){.policy = FAN_BEST_EFFORT,
                                                      .reserve_ns = _i ? 2 * HOUR : UINT64_MAX}),
        0);
    ck_assert_uint_eq(begun, 0);
    cancelled_are(TASKS);
}
END_TEST

/* The tasks have 300 ms, so that some are done on a loaded machine too; the caller's deadline is an
 * hour away when the call returns. */
START_TEST(a_call_that_reserves_time_returns_with_what_was_done_by_then)
{
    ck_assert_int_eq(call(&hanging_work,
                          (struct fan_stream_options){.policy = FAN_BEST_EFFORT,
                                                      .reserve_ns = HOUR - 300 * FAN_MILLISECOND}),
                     0);
    ck_assert_int_eq(fan_ctx_error(&ctx), 0);
    ck_assert_uint_gt(report.failed, 0);
    ck_assert_uint_gt(report.done, 0);
    cancelled_are(TASKS - report.done - report.failed);
    for (int i = 0; i < TASKS; i++)
        ck_assert(errors[i] == ETIMEDOUT || (errors[i] == 0 && i % 10 != 5));
}
END_TEST

/* A source that gives three tasks, and then has no more, and waits for some. */
static int three(void *state, struct fan_ctx *source_ctx, void *task)
{
    int *given = state;
    if (*given == 3)
        return fan_chan_recv(never, NULL, source_ctx);
    memcpy(task, given, sizeof *given);
    ++*given;
    return 0;
}

static int complete(void *argument, struct fan_ctx *task_ctx, const void *task, void *result,
                    struct fan_token token)
{
    (void)argument, (void)task_ctx, (void)task, (void)result;
    fan_token_complete(token, 0);
    return 0;
}

static int put_nowhere(void *state, struct fan_ctx *sink_ctx, const struct fan_task_result *result)
{
    (void)state, (void)sink_ctx, (void)result;
    return 0;
}

/* Whether the tasks are asynchronous; and the policies, of which one wants what was done by then.
 * If the machine stands still for all of their time, the last ones come too late. */
START_TEST(a_source_that_waits_is_over_when_the_tasks_time_is)
{
    static const int results[] = {
        [FAN_FAIL_FAST] = ETIMEDOUT, [FAN_COLLECT_ALL] = ETIMEDOUT, [FAN_BEST_EFFORT] = 0};
    int given = 0;
    bool async = _i / 3;
    struct fan_work work = {
        .run = async ? NULL : quick, .start = async ? complete : NULL, .task_size = sizeof(int)};
    struct fan_stream_options options = {
        .limit = 2, .policy = (enum fan_policy)(_i % 3), .reserve_ns = HOUR - 20 * FAN_MILLISECOND};
    ck_assert_int_eq(
        fan_out_stream(&ctx, &(struct fan_source){three, .state = &given, .blocks = true}, &work,
                       &(struct fan_sink){.put = put_nowhere}, &options, &report),
        results[_i % 3]);
    ck_assert_int_eq(fan_ctx_error(&ctx), 0);
    ck_assert_uint_eq(report.submitted, given);
    ck_assert_uint_eq(report.done + report.cancelled, given);
}
END_TEST

/* The control: the same call which reserves nothing has failed when its tasks' time is over. */
START_TEST(the_control_a_call_that_reserves_nothing_returns_too_late)
{
    struct fan_ctx brief;
    fan_ctx_init(
        &brief, &(struct fan_ctx_options){.deadline_ns = fan_deadline_after(20 * FAN_MILLISECOND)});
    struct fan_stream_options options = {.limit = 2, .policy = FAN_BEST_EFFORT};
    ck_assert_int_eq(fan_out(&brief, tasks, TASKS, &hanging_work, NULL, errors, &options, &report),
                     ETIMEDOUT);
    ck_assert_int_eq(fan_ctx_error(&brief), ETIMEDOUT);
    fan_ctx_destroy(&brief);
}
END_TEST

START_TEST(nobody_waits_for_permits_longer_than_what_he_needs_allows)
{
    struct fan_semaphore permits;
    fan_semaphore_init(&permits, "none left", 1);
    ck_assert_int_eq(fan_semaphore_acquire(&permits, 1, NULL), 0);
    ck_assert_int_eq(
        call(&quick_work, (struct fan_stream_options){.policy = FAN_BEST_EFFORT,
                                                      .permits = &permits,
                                                      .needs_ns = HOUR - 20 * FAN_MILLISECOND}),
        0);
    ck_assert_uint_eq(begun, 0);
    cancelled_are(TASKS);
    fan_semaphore_release(&permits, 1);
    fan_semaphore_destroy(&permits);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("budget");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 20);
    tcase_add_loop_test(cases, a_task_that_needs_more_time_than_is_left_is_not_begun, 0, 3);
    tcase_add_test(cases, one_that_needs_less_is_begun);
    tcase_add_test(cases, without_a_deadline_there_is_time_for_everything);
    tcase_add_test(cases, each_task_may_need_a_time_of_its_own);
    tcase_add_test(cases, tasks_get_what_is_left_of_the_callers_time_less_what_is_reserved);
    tcase_add_test(cases, a_tasks_own_time_counts_if_it_ends_first);
    tcase_add_test(cases, a_tasks_own_time_does_not_outlast_the_callers);
    tcase_add_loop_test(cases, with_more_reserved_than_there_is_nothing_is_begun, 0, 2);
    tcase_add_test(cases, a_call_that_reserves_time_returns_with_what_was_done_by_then);
    tcase_add_loop_test(cases, a_source_that_waits_is_over_when_the_tasks_time_is, 0, 6);
    tcase_add_test(cases, the_control_a_call_that_reserves_nothing_returns_too_late);
    tcase_add_test(cases, nobody_waits_for_permits_longer_than_what_he_needs_allows);
    return suite_run("stream_budget", cases);
}
