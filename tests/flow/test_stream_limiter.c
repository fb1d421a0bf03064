/* The limiter in the executor: calls that share one have no more in flight than it says, and it
 * hears of each task. */
#include <errno.h>
#include <string.h>

#include "flow/fanout.h"
#include "run/atomic.h"
#include "run/thread.h"
#include "run/time.h"
#include "sync/timer.h"
#include "tests/support/suite.h"

enum { TASKS = 300, CALLS = 2, LIMIT = 3 };

static struct fan_limiter limiter;
static uint64_t in_flight, most_in_flight, begun; /* atomic */
static int tasks[TASKS];
static int failure; /* of each task */

static void begin(struct fan_aimd_options rule)
{
    ck_assert_int_eq(fan_limiter_init(&limiter, &(struct fan_limiter_options){.rule = rule}), 0);
    in_flight = most_in_flight = begun = 0;
    for (int i = 0; i < TASKS; i++)
        tasks[i] = i;
}

/* Panics if a permit has not come back. */
static void end(void)
{
    fan_limiter_destroy(&limiter);
}

static struct fan_limiter_state look(void)
{
    struct fan_limiter_state state;
    fan_limiter_look(&limiter, &state);
    return state;
}

static int ask(void *argument, struct fan_ctx *ctx, const void *task, void *result)
{
    (void)argument, (void)ctx, (void)task, (void)result;
    uint64_t now = fan_atomic_fetch_add(&in_flight, 1, FAN_SEQ_CST) + 1;
    uint64_t most = fan_atomic_load(&most_in_flight, FAN_SEQ_CST);
    fan_atomic_fetch_add(&begun, 1, FAN_SEQ_CST);
    while (now > most &&
           !fan_atomic_compare_exchange(&most_in_flight, &most, now, FAN_SEQ_CST, FAN_SEQ_CST))
        continue;
    fan_sleep(20 * FAN_MICROSECOND, NULL);
    fan_atomic_fetch_sub(&in_flight, 1, FAN_SEQ_CST);
    return failure;
}

static int give_up(void *argument, struct fan_ctx *ctx, const void *task, void *result)
{
    (void)argument, (void)ctx, (void)task, (void)result;
    fan_panic("gives up");
}

static int call(int (*run)(void *, struct fan_ctx *, const void *, void *), struct fan_ctx *ctx,
                struct fan_report *report)
{
    return fan_out(
        ctx, tasks, TASKS, &(struct fan_work){.run = run, .task_size = sizeof(int)}, NULL, NULL,
        &(struct fan_stream_options){.limit = 8, .policy = FAN_BEST_EFFORT, .limiter = &limiter},
        report);
}

static void ask_all(void *unused)
{
    (void)unused;
    ck_assert_int_eq(call(ask, NULL, NULL), 0);
}

START_TEST(calls_that_share_a_limiter_keep_to_it_together)
{
    struct fan_thread *callers[CALLS];
    begin((struct fan_aimd_options){.initial = LIMIT, .ceiling = LIMIT});
    for (int i = 0; i < CALLS; i++)
        ck_assert_int_eq(fan_thread_spawn(NULL, ask_all, NULL, &callers[i]), 0);
    for (int i = 0; i < CALLS; i++)
        fan_thread_join(callers[i]);
    ck_assert_uint_eq(begun, CALLS * TASKS);
    ck_assert_uint_le(most_in_flight, LIMIT);
    end();
}
END_TEST

START_TEST(it_learns_how_long_tasks_take)
{
    begin((struct fan_aimd_options){.initial = LIMIT, .ceiling = 16, .window = 64});
    ask_all(NULL);
    ck_assert_uint_ge(look().baseline_ns, 20 * FAN_MICROSECOND);
    end();
}
END_TEST

START_TEST(it_hears_that_a_service_refuses)
{
    begin((struct fan_aimd_options){.initial = 8});
    failure = EBUSY;
    ask_all(NULL);
    ck_assert_uint_gt(look().decreases, 0);
    ck_assert_int_lt(look().limit, 8);
    end();
}
END_TEST

START_TEST(a_failure_of_the_tasks_own_and_a_panic_say_nothing)
{
    struct fan_report report;
    begin((struct fan_aimd_options){.initial = 8});
    failure = ERANGE;
    ask_all(NULL);
    ck_assert_int_eq(call(give_up, NULL, &report), 0);
    ck_assert_uint_eq(report.failed, TASKS);
    ck_assert_uint_eq(look().decreases, 0);
    ck_assert_uint_eq(look().baseline_ns, 0);
    fan_report_free(&report);
    end();
}
END_TEST

START_TEST(a_deadline_ends_the_wait_for_it)
{
    struct fan_report report;
    struct fan_ctx ctx;
    begin((struct fan_aimd_options){.initial = 1, .ceiling = 1});
    fan_ctx_init(&ctx,
                 &(struct fan_ctx_options){.deadline_ns = fan_deadline_after(5 * FAN_MILLISECOND)});
    ck_assert_int_eq(fan_limiter_acquire(&limiter, NULL), 0);
    ck_assert_int_eq(call(ask, &ctx, &report), ETIMEDOUT);
    ck_assert_uint_eq(begun, 0);
    ck_assert_uint_eq(report.cancelled, report.submitted);
    fan_limiter_release(&limiter, fan_now_ns(), FAN_LIMITER_IGNORED);
    fan_report_free(&report);
    fan_ctx_destroy(&ctx);
    end();
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("limiter");
    tcase_set_timeout(cases, 20);
    tcase_add_test(cases, calls_that_share_a_limiter_keep_to_it_together);
    tcase_add_test(cases, it_learns_how_long_tasks_take);
    tcase_add_test(cases, it_hears_that_a_service_refuses);
    tcase_add_test(cases, a_failure_of_the_tasks_own_and_a_panic_say_nothing);
    tcase_add_test(cases, a_deadline_ends_the_wait_for_it);
    return suite_run("stream_limiter", cases);
}
