/* What the options put around asynchronous tasks: permits, a limiter, and time. What a task holds
 * it holds until its token is completed. */
#include <errno.h>
#include <string.h>

#include "run/thread.h"
#include "run/time.h"
#include "sync/timer.h"
#include "tests/support/async_job.h"
#include "tests/support/suite.h"

enum { PERMITS = 5, LIMIT = 50 };

static struct fan_semaphore permits;
static struct fan_limiter limiter;

static void set_up(void)
{
    async_job_begin();
    fan_semaphore_init(&permits, "downstream", PERMITS);
}

/* Whatever happened, every permit is back. */
static void tear_down(void)
{
    async_job_end();
    ck_assert_int_eq(fan_semaphore_try_acquire(&permits, PERMITS), 0);
    fan_semaphore_release(&permits, PERMITS);
    fan_semaphore_destroy(&permits);
}

static uint64_t number_of(const void *task)
{
    uint64_t number;
    memcpy(&number, task, sizeof number);
    return number;
}

/* ---- permits ---- */

static uint64_t weight(void *unused, const void *task)
{
    (void)unused;
    return number_of(task) % 4;
}

/* The loop completes none before it has as many as there are permits: so that many are in
 * flight. */
START_TEST(as_many_are_in_flight_as_there_are_permits)
{
    async_job.gathers = PERMITS;
    ck_assert_int_eq(
        async_job_run_with_loop((struct fan_stream_options){.limit = LIMIT, .permits = &permits}),
        0);
    ck_assert_uint_eq(async_job.most_at_once, PERMITS);
    async_job_must_have_put(async_job.tasks);
}
END_TEST

START_TEST(tasks_in_flight_weigh_no_more_than_there_are_permits)
{
    async_job.weight = weight;
    ck_assert_int_eq(async_job_run_with_loop((struct fan_stream_options){
                         .limit = LIMIT, .permits = &permits, .ordered = _i}),
                     0);
    ck_assert_uint_le(async_job.most_weight, PERMITS);
    ck_assert_uint_ge(async_job.most_weight, 3);
    async_job_must_have_put(async_job.tasks);
}
END_TEST

START_TEST(the_control_without_permits_they_weigh_more)
{
    async_job.weight = weight;
    async_job.gathers = LIMIT;
    ck_assert_int_eq(async_job_run_with_loop((struct fan_stream_options){.limit = LIMIT}), 0);
    ck_assert_uint_gt(async_job.most_weight, PERMITS);
    ck_assert_uint_eq(async_job.most_at_once, LIMIT);
}
END_TEST

/* They fail at their start and later, they complete themselves, and panic before and after that. */
START_TEST(permits_come_back_whatever_way_a_task_ends)
{
    async_job.weight = weight;
    async_job.fails_every = 10;
    async_job.fails_at_start_every = 11;
    async_job.completes_itself_every = 7;
    async_job.panics_at = 300;
    async_job.panics_late_at = 21;
    async_job_run_with_loop((struct fan_stream_options){
        .limit = LIMIT, .permits = &permits, .policy = (enum fan_policy)_i});
    ck_assert_uint_ge(async_job.report.failed, 1);
    async_job_must_add_up();
}
END_TEST

START_TEST(a_task_that_weighs_more_than_there_is_fails_alone)
{
    struct fan_semaphore two;
    fan_semaphore_init(&two, "two", 2);
    async_job.weight = weight;
    ck_assert_int_eq(async_job_run_with_loop((struct fan_stream_options){
                         .limit = LIMIT, .permits = &two, .policy = FAN_COLLECT_ALL}),
                     EINVAL);
    ck_assert_uint_eq(async_job.report.failed, async_job.tasks / 4);
    ck_assert_uint_eq(async_job.report.errors[0].index, 3);
    ck_assert_uint_eq(async_job.report.done, async_job.tasks * 3 / 4);
    async_job_must_have_put(async_job.tasks);
    fan_semaphore_destroy(&two);
}
END_TEST

/* The loop has as many tokens as there are permits and completes none, so the next one waits, once
 * it has been taken from the source. */
START_TEST(a_cancel_ends_the_wait_for_permits)
{
    async_job.gathers = async_job.source_opens_hold_at = PERMITS + 1;
    async_job.cancel_waits = true;
    ck_assert_int_eq(async_job_run_and_cancel(
                         (struct fan_stream_options){
                             .limit = LIMIT, .permits = &permits, .policy = FAN_COLLECT_ALL},
                         PERMITS),
                     ECANCELED);
    ck_assert(async_job.interrupted);
    ck_assert_uint_eq(async_job.began, PERMITS);
    ck_assert_uint_eq(async_job.report.failed, PERMITS);
    ck_assert_uint_ge(async_job.report.cancelled, 1);
    async_job_must_add_up();
}
END_TEST

static uint64_t weight_of_the_first(void *unused, const void *task)
{
    (void)unused;
    return number_of(task) == 0;
}

static void release_when_opened(void *unused)
{
    (void)unused;
    fan_chan_recv(async_job.hold, NULL, NULL);
    fan_semaphore_release(&permits, PERMITS);
}

/* The first one gets its permit when all others have been completed, so it is the last to be. (Not
 * the last to be handed over: with no order, that is one of the two.) */
START_TEST(who_weighs_nothing_does_not_wait_behind_one_that_waits)
{
    async_job.tasks = 100;
    async_job.weight = weight_of_the_first;
    async_job.opens_hold_at = async_job.tasks - 1;
    ck_assert_int_eq(fan_semaphore_acquire(&permits, PERMITS, NULL), 0);
    fan_go("opener", release_when_opened, NULL);
    ck_assert_int_eq(
        async_job_run_with_loop((struct fan_stream_options){.limit = 3, .permits = &permits}), 0);
    ck_assert_uint_eq(async_job.completed_in[async_job.tasks - 1], 0);
    async_job_must_have_put(async_job.tasks);
}
END_TEST

/* A token that is kept beyond the call's end keeps its permits too. */
START_TEST(permits_are_held_until_the_token_is_completed)
{
    struct fan_thread *loop;
    struct fan_ctx ctx;
    fan_ctx_init(&ctx, NULL);
    async_job.ctx = &ctx;
    async_job.gathers = async_job.cancels_at = PERMITS;
    async_job.loop_waits = true;
    ck_assert_int_eq(fan_thread_spawn(NULL, async_job_loop, NULL, &loop), 0);
    ck_assert_int_eq(async_job_run((struct fan_stream_options){
                         .limit = LIMIT, .permits = &permits, .linger_ns = FAN_MILLISECOND}),
                     EBUSY);
    ck_assert_int_eq(fan_semaphore_try_acquire(&permits, 1), EAGAIN);
    fan_chan_close(async_job.hold);
    fan_chan_close(async_job.posts);
    fan_thread_join(loop);
    fan_ctx_destroy(&ctx);
}
END_TEST

/* ---- a limiter ---- */

static struct fan_limiter_state limit_with(struct fan_aimd_options rule, int limit)
{
    struct fan_limiter_state seen;
    ck_assert_int_eq(fan_limiter_init(&limiter, &(struct fan_limiter_options){.rule = rule}), 0);
    async_job_run_with_loop((struct fan_stream_options){
        .limit = limit, .limiter = &limiter, .policy = FAN_BEST_EFFORT});
    fan_limiter_look(&limiter, &seen);
    ck_assert_int_eq(seen.wanted, 0);
    fan_limiter_destroy(&limiter);
    return seen;
}

START_TEST(as_many_are_in_flight_as_the_limiter_lets_in)
{
    async_job.gathers = PERMITS;
    limit_with((struct fan_aimd_options){.initial = PERMITS, .floor = PERMITS, .ceiling = PERMITS},
               LIMIT);
    ck_assert_uint_eq(async_job.most_at_once, PERMITS);
    async_job_must_have_put(async_job.tasks);
}
END_TEST

START_TEST(the_limiter_learns_how_long_it_takes_until_a_token_is_completed)
{
    async_job.tasks = 200;
    async_job.takes_ns = 50 * FAN_MICROSECOND;
    struct fan_limiter_state seen = limit_with(
        (struct fan_aimd_options){.initial = PERMITS, .ceiling = PERMITS, .window = 64}, LIMIT);
    ck_assert_uint_ge(seen.baseline_ns, 50 * FAN_MICROSECOND);
}
END_TEST

START_TEST(the_limiter_hears_of_refusals_and_not_of_other_failures)
{
    static const int errors[] = {EBUSY, ERANGE};
    struct fan_aimd_options rule = {.initial = 8};
    async_job.fails_with = errors[_i / 2];
    async_job.fails_every = _i % 2;
    async_job.fails_at_start_every = !(_i % 2);
    struct fan_limiter_state seen = limit_with(rule, LIMIT);
    ck_assert_uint_eq(async_job.report.failed, async_job.tasks);
    ck_assert_int_eq(seen.decreases > 0, errors[_i / 2] == EBUSY);
}
END_TEST

/* ---- time ---- */

static int run_until(uint64_t deadline_ns, struct fan_stream_options options)
{
    struct fan_ctx ctx;
    fan_ctx_init(&ctx, &(struct fan_ctx_options){.deadline_ns = fan_deadline_after(deadline_ns)});
    async_job.ctx = &ctx;
    int error = async_job_run_with_loop(options);
    ck_assert_int_eq(fan_ctx_error(&ctx), 0);
    fan_ctx_destroy(&ctx);
    async_job_must_add_up();
    return error;
}

START_TEST(a_task_that_needs_more_time_than_is_left_is_not_begun)
{
    struct fan_stream_options options = {.policy = (enum fan_policy)_i,
                                         .needs_ns = 2000 * FAN_SECOND};
    int error = run_until(1000 * FAN_SECOND, options);
    ck_assert_int_eq(error, options.policy == FAN_BEST_EFFORT ? 0 : ETIMEDOUT);
    ck_assert_uint_eq(async_job.began, 0);
    ck_assert_uint_eq(async_job.report.cancelled, async_job.report.submitted);
    ck_assert_uint_ge(async_job.report.late, 1);
    if (options.policy == FAN_COLLECT_ALL)
        ck_assert_uint_eq(async_job.report.late, async_job.tasks);
}
END_TEST

START_TEST(the_control_one_that_needs_less_is_begun)
{
    ck_assert_int_eq(
        run_until(1000 * FAN_SECOND, (struct fan_stream_options){.needs_ns = FAN_SECOND}), 0);
    async_job_must_have_put(async_job.tasks);
}
END_TEST

/* The loop waits for the deadline that each task's context has. */
START_TEST(a_call_that_reserves_time_returns_with_what_was_done_by_then)
{
    async_job.tasks = 8;
    async_job.times_out = true;
    async_job.completes_itself_every = 4;
    ck_assert_int_eq(run_until(1000 * FAN_SECOND,
                               (struct fan_stream_options){.limit = 4,
                                                           .policy = FAN_BEST_EFFORT,
                                                           .reserve_ns = 1000 * FAN_SECOND -
                                                                         5 * FAN_MILLISECOND}),
                     0);
    ck_assert_uint_ge(async_job.report.late + async_job.report.failed, 1);
    ck_assert_uint_eq(async_job.report.done, async_job.put_count);
    ck_assert(!async_job.interrupted);
}
END_TEST

START_TEST(a_tasks_own_time_begins_when_it_has_its_permits)
{
    async_job.tasks = 20;
    async_job.gathers = PERMITS;
    async_job.takes_ns = 2 * FAN_MILLISECOND;
    ck_assert_int_eq(async_job_run_with_loop((struct fan_stream_options){
                         .limit = LIMIT, .permits = &permits, .task_timeout_ns = FAN_SECOND}),
                     0);
    async_job_must_have_put(async_job.tasks);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("async options");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 30);
    tcase_add_test(cases, as_many_are_in_flight_as_there_are_permits);
    tcase_add_loop_test(cases, tasks_in_flight_weigh_no_more_than_there_are_permits, 0, 2);
    tcase_add_test(cases, the_control_without_permits_they_weigh_more);
    tcase_add_loop_test(cases, permits_come_back_whatever_way_a_task_ends, 0, 3);
    tcase_add_test(cases, a_task_that_weighs_more_than_there_is_fails_alone);
    tcase_add_test(cases, a_cancel_ends_the_wait_for_permits);
    tcase_add_test(cases, who_weighs_nothing_does_not_wait_behind_one_that_waits);
    tcase_add_test(cases, permits_are_held_until_the_token_is_completed);
    tcase_add_test(cases, as_many_are_in_flight_as_the_limiter_lets_in);
    tcase_add_test(cases, the_limiter_learns_how_long_it_takes_until_a_token_is_completed);
    tcase_add_loop_test(cases, the_limiter_hears_of_refusals_and_not_of_other_failures, 0, 4);
    tcase_add_loop_test(cases, a_task_that_needs_more_time_than_is_left_is_not_begun, 0, 3);
    tcase_add_test(cases, the_control_one_that_needs_less_is_begun);
    tcase_add_test(cases, a_call_that_reserves_time_returns_with_what_was_done_by_then);
    tcase_add_test(cases, a_tasks_own_time_begins_when_it_has_its_permits);
    return suite_run("async_options", cases);
}
