/* Permits: what all tasks of one call, or of many calls that share them, have in flight. */
#include <errno.h>
#include <string.h>

#include "flow/fanout.h"
#include "run/atomic.h"
#include "run/thread.h"
#include "run/time.h"
#include "sync/chan.h"
#include "sync/timer.h"
#include "tests/support/suite.h"

enum { TASKS = 400, PERMITS = 5, CALLS = 2 };

static struct fan_semaphore permits;
static uint64_t in_flight, most_in_flight; /* atomic */
static uint64_t begun;                     /* atomic */
static struct fan_chan *hold;    /* tasks wait here, deaf to their context, if there is one */
static struct fan_chan *holding; /* says so */
static int tasks[TASKS];

static void set_up(void)
{
    fan_semaphore_init(&permits, "downstream", PERMITS);
    in_flight = most_in_flight = begun = 0;
    hold = NULL;
    holding = fan_chan_new("holding", 1, TASKS);
    for (int i = 0; i < TASKS; i++)
        tasks[i] = i;
}

/* Whatever happened, every permit is back. */
static void tear_down(void)
{
    fan_thread_wait_all();
    ck_assert_int_eq(fan_semaphore_try_acquire(&permits, PERMITS), 0);
    fan_semaphore_release(&permits, PERMITS);
    fan_semaphore_destroy(&permits);
    fan_chan_free(holding);
}

static int number_of(const void *task)
{
    int number;
    memcpy(&number, task, sizeof number);
    return number;
}

static uint64_t weight(void *argument, const void *task)
{
    (void)argument;
    return 1 + (uint64_t)number_of(task) % 3;
}

static void enter(uint64_t amount)
{
    uint64_t now = fan_atomic_fetch_add(&in_flight, amount, FAN_SEQ_CST) + amount;
    uint64_t most = fan_atomic_load(&most_in_flight, FAN_SEQ_CST);
    fan_atomic_fetch_add(&begun, 1, FAN_SEQ_CST);
    while (now > most &&
           !fan_atomic_compare_exchange(&most_in_flight, &most, now, FAN_SEQ_CST, FAN_SEQ_CST))
        continue;
}

static int weigh_in(void *argument, struct fan_ctx *ctx, const void *task, void *result)
{
    (void)ctx, (void)result;
    enter(weight(argument, task));
    fan_sleep(20 * FAN_MICROSECOND, NULL);
    fan_atomic_fetch_sub(&in_flight, weight(argument, task), FAN_SEQ_CST);
    return 0;
}

static const struct fan_work weighed = {
    .run = weigh_in, .weight = weight, .task_size = sizeof(int)};

static int call(const struct fan_work *work, const struct fan_stream_options *options, size_t count,
                struct fan_ctx *ctx, struct fan_report *report)
{
    return fan_out(ctx, tasks, count, work, NULL, NULL, options, report);
}

static void call_with(void *options)
{
    ck_assert_int_eq(call(&weighed, options, TASKS, NULL, NULL), 0);
}

/* Makes some calls at once, each with the permits it is given. */
static void call_at_once(const struct fan_stream_options options[CALLS])
{
    struct fan_thread *callers[CALLS];
    for (int i = 0; i < CALLS; i++)
        ck_assert_int_eq(fan_thread_spawn(NULL, call_with, (void *)&options[i], &callers[i]), 0);
    for (int i = 0; i < CALLS; i++)
        fan_thread_join(callers[i]);
}

START_TEST(calls_that_share_permits_never_have_more_in_flight_together)
{
    struct fan_stream_options both = {.limit = 8, .permits = &permits};
    call_at_once((struct fan_stream_options[CALLS]){both, both});
    ck_assert_uint_eq(begun, CALLS * TASKS);
    ck_assert_uint_le(most_in_flight, PERMITS);
    ck_assert_uint_gt(most_in_flight, 1);
}
END_TEST

/* The control: who bounds each call on its own does not bound what they do together. Each holds all
 * that its own permits allow until the other one does. */
static int wait_for_the_others(void *argument, struct fan_ctx *ctx, const void *task, void *result)
{
    (void)argument, (void)task, (void)ctx, (void)result;
    enter(1);
    fan_chan_send(holding, &(char){0}, NULL);
    fan_chan_recv(hold, NULL, NULL);
    return 0;
}

static const struct fan_work held = {
    .run = wait_for_the_others, .task_size = sizeof(int), .weight = NULL};

static void call_held(void *options)
{
    ck_assert_int_eq(call(&held, options, PERMITS, NULL, NULL), 0);
}

START_TEST(the_control_calls_with_permits_of_their_own_have_more)
{
    struct fan_semaphore others;
    struct fan_thread *callers[CALLS];
    hold = fan_chan_new("hold", 1, 0);
    fan_semaphore_init(&others, "others", PERMITS);
    struct fan_stream_options options[CALLS] = {{.limit = PERMITS, .permits = &permits},
                                                {.limit = PERMITS, .permits = &others}};
    for (int i = 0; i < CALLS; i++)
        ck_assert_int_eq(fan_thread_spawn(NULL, call_held, &options[i], &callers[i]), 0);
    for (int i = 0; i < CALLS * PERMITS; i++)
        fan_chan_recv(holding, NULL, NULL);
    ck_assert_uint_eq(most_in_flight, CALLS * PERMITS);
    fan_chan_close(hold);
    for (int i = 0; i < CALLS; i++)
        fan_thread_join(callers[i]);
    fan_semaphore_destroy(&others);
    fan_chan_free(hold);
}
END_TEST

static int go_wrong(void *argument, struct fan_ctx *ctx, const void *task, void *result)
{
    (void)argument, (void)ctx, (void)result;
    if (number_of(task) % 7 == 3)
        fan_panic("task %d gives up", number_of(task));
    return number_of(task) % 5 == 2 ? ERANGE : 0;
}

/* The semaphore tells, at the end of each test: see tear_down. */
START_TEST(permits_come_back_whatever_way_a_task_ends)
{
    struct fan_report report;
    struct fan_work work = {.run = go_wrong, .weight = weight, .task_size = sizeof(int)};
    struct fan_stream_options options = {
        .limit = 4, .permits = &permits, .policy = FAN_BEST_EFFORT, .task_timeout_ns = FAN_SECOND};
    ck_assert_int_eq(call(&work, &options, TASKS, NULL, &report), 0);
    ck_assert_uint_gt(report.failed, TASKS / 5);
    ck_assert_uint_eq(report.failed + report.done, TASKS);
    fan_report_free(&report);
}
END_TEST

static uint64_t too_heavy_now_and_then(void *argument, const void *task)
{
    (void)argument;
    return number_of(task) % 100 == 50 ? PERMITS + 1 : 1;
}

START_TEST(a_task_that_weighs_more_than_there_is_fails_alone)
{
    struct fan_report report;
    struct fan_work work = weighed;
    work.weight = too_heavy_now_and_then;
    struct fan_stream_options options = {
        .limit = 4, .permits = &permits, .policy = FAN_COLLECT_ALL};
    ck_assert_int_eq(call(&work, &options, TASKS, NULL, &report), EINVAL);
    ck_assert_uint_eq(report.failed, TASKS / 100);
    ck_assert_uint_eq(report.errors[0].index, 50);
    ck_assert_uint_eq(report.done, TASKS - TASKS / 100);
    ck_assert_uint_eq(begun, TASKS - TASKS / 100);
    fan_report_free(&report);
}
END_TEST

static void cancel_when_somebody_waits(void *ctx)
{
    while (fan_semaphore_try_acquire(&permits, 1) == 0)
        fan_semaphore_release(&permits, 1);
    fan_ctx_cancel(ctx, 0);
}

START_TEST(a_cancel_ends_the_wait_for_permits)
{
    struct fan_ctx ctx;
    struct fan_thread *canceller;
    struct fan_report report;
    fan_ctx_init(&ctx, NULL);
    ck_assert_int_eq(fan_semaphore_acquire(&permits, PERMITS, NULL), 0);
    ck_assert_int_eq(fan_thread_spawn(NULL, cancel_when_somebody_waits, &ctx, &canceller), 0);
    struct fan_stream_options options = {.limit = 4, .permits = &permits};
    ck_assert_int_eq(call(&weighed, &options, TASKS, &ctx, &report), ECANCELED);
    ck_assert_uint_eq(begun, 0);
    ck_assert_uint_eq(report.cancelled, report.submitted);
    fan_thread_join(canceller);
    fan_semaphore_release(&permits, PERMITS);
    fan_report_free(&report);
    fan_ctx_destroy(&ctx);
}
END_TEST

START_TEST(a_deadline_ends_the_wait_for_permits)
{
    struct fan_ctx ctx;
    struct fan_report report;
    fan_ctx_init(&ctx,
                 &(struct fan_ctx_options){.deadline_ns = fan_deadline_after(5 * FAN_MILLISECOND)});
    ck_assert_int_eq(fan_semaphore_acquire(&permits, PERMITS, NULL), 0);
    struct fan_stream_options options = {
        .limit = 4, .permits = &permits, .policy = FAN_COLLECT_ALL};
    ck_assert_int_eq(call(&weighed, &options, TASKS, &ctx, &report), ETIMEDOUT);
    ck_assert_uint_eq(begun, 0);
    ck_assert_uint_eq(report.cancelled, report.submitted);
    fan_semaphore_release(&permits, PERMITS);
    fan_report_free(&report);
    fan_ctx_destroy(&ctx);
}
END_TEST

/* One task of these waits for a permit, which nobody gives it before all the others have been run:
 * also those that were taken from the source with it. In order there is room for all of them behind
 * it only if there is where each comes in a chunk of its own, of 512 places: the pace decides. */
static uint64_t one_is_heavy(void *argument, const void *task)
{
    (void)argument;
    return number_of(task) == TASKS / 2;
}

static int release_after_the_others(void *argument, struct fan_ctx *ctx, const void *task,
                                    void *result)
{
    (void)argument, (void)ctx, (void)task, (void)result;
    if (fan_atomic_fetch_add(&begun, 1, FAN_SEQ_CST) + 1 == TASKS - 1)
        fan_semaphore_release(&permits, PERMITS);
    return 0;
}

START_TEST(nobody_waits_behind_a_task_that_waits_for_permits)
{
    struct fan_work work = {
        .run = release_after_the_others, .weight = one_is_heavy, .task_size = sizeof(int)};
    struct fan_stream_options options = {
        .limit = 2 + _i, .ordered = _i, .window = 512 * TASKS, .permits = &permits};
    ck_assert_int_eq(fan_semaphore_acquire(&permits, PERMITS, NULL), 0);
    ck_assert_int_eq(call(&work, &options, TASKS, NULL, NULL), 0);
    ck_assert_uint_eq(begun, TASKS);
}
END_TEST

/* Quick tasks first, which need one thread; then as many at once as the limit says. */
static int meet(void *argument, struct fan_ctx *ctx, const void *task, void *result)
{
    (void)ctx, (void)result;
    if (number_of(task) < TASKS - PERMITS)
        return 0;
    if (fan_atomic_fetch_add(&begun, 1, FAN_SEQ_CST) + 1 == PERMITS)
        fan_chan_close(argument);
    fan_chan_recv(argument, NULL, NULL);
    return 0;
}

START_TEST(tasks_that_come_to_wait_get_as_many_threads_as_the_limit_says)
{
    struct fan_chan *meeting = fan_chan_new("meeting", 1, 0);
    struct fan_work work = {.run = meet, .argument = meeting, .task_size = sizeof(int)};
    struct fan_stream_options options = {
        .limit = PERMITS, .permits = &permits, .queue = _i ? PERMITS : 0};
    ck_assert_int_eq(call(&work, &options, TASKS, NULL, NULL), 0);
    ck_assert_uint_eq(begun, PERMITS);
    fan_chan_free(meeting);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("permits");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 20);
    tcase_add_test(cases, calls_that_share_permits_never_have_more_in_flight_together);
    tcase_add_test(cases, the_control_calls_with_permits_of_their_own_have_more);
    tcase_add_test(cases, permits_come_back_whatever_way_a_task_ends);
    tcase_add_test(cases, a_task_that_weighs_more_than_there_is_fails_alone);
    tcase_add_test(cases, a_cancel_ends_the_wait_for_permits);
    tcase_add_test(cases, a_deadline_ends_the_wait_for_permits);
    tcase_add_loop_test(cases, nobody_waits_behind_a_task_that_waits_for_permits, 0, 2);
    tcase_add_loop_test(cases, tasks_that_come_to_wait_get_as_many_threads_as_the_limit_says, 0, 2);
    return suite_run("stream_permits", cases);
}
