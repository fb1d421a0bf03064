#include "sync/timer.h"

#include <errno.h>
#include <sched.h>

#include "run/thread.h"
#include "run/time.h"
#include "tests/support/suite.h"
#include "tests/support/watch.h"

enum { HOUR = 3600 };

static struct fan_timer timer;
static struct fan_ctx ctx;
static uint64_t far_ns;

static void set_up(void)
{
    watch_begin();
    fan_ctx_init(&ctx, NULL);
    far_ns = fan_deadline_after(HOUR * FAN_SECOND);
}

static void wait_for_tick(void *error)
{
    *(int *)error = fan_timer_wait(&timer, &ctx);
}

START_TEST(a_timer_comes_once)
{
    fan_timer_init(&timer, "once", 1, 0);
    ck_assert_int_eq(fan_timer_try(&timer), 0);
    ck_assert_int_eq(fan_timer_try(&timer), EAGAIN);
}
END_TEST

START_TEST(a_timer_is_not_early)
{
    uint64_t due_ns = fan_deadline_after(2 * FAN_MILLISECOND);
    fan_timer_init(&timer, NULL, due_ns, 0);
    ck_assert_int_eq(fan_timer_wait(&timer, NULL), 0);
    ck_assert_uint_ge(fan_now_ns(), due_ns);
}
END_TEST

START_TEST(a_timer_that_is_not_due_gives_no_tick)
{
    fan_timer_init(&timer, NULL, far_ns, 0);
    ck_assert_int_eq(fan_timer_try(&timer), EAGAIN);
    fan_timer_reset(&timer, 0, 0);
    ck_assert_int_eq(fan_timer_try(&timer), EAGAIN);
}
END_TEST

START_TEST(a_ticker_comes_again_and_again)
{
    uint64_t first_ns = fan_deadline_after(FAN_MILLISECOND);
    fan_timer_init(&timer, "ticker", first_ns, FAN_MILLISECOND);
    for (unsigned i = 0; i < 5; i++) {
        ck_assert_int_eq(fan_timer_wait(&timer, NULL), 0);
        ck_assert_uint_ge(fan_now_ns(), first_ns + i * FAN_MILLISECOND);
    }
}
END_TEST

START_TEST(ticks_that_nobody_took_are_dropped)
{
    uint64_t began_ns = fan_now_ns(), period_ns = began_ns / 16;
    fan_timer_init(&timer, NULL, began_ns - 5 * period_ns / 2, period_ns);
    ck_assert_int_eq(fan_timer_try(&timer), 0);
    ck_assert_int_eq(fan_timer_try(&timer), EAGAIN);
    ck_assert_uint_eq(fan_timer_due(&timer), began_ns - 5 * period_ns / 2 + 3 * period_ns);
}
END_TEST

START_TEST(a_tick_that_is_just_due_is_followed_by_the_next_period)
{
    uint64_t due_ns = fan_now_ns();
    fan_timer_init(&timer, NULL, due_ns, HOUR * FAN_SECOND);
    ck_assert_int_eq(fan_timer_wait(&timer, NULL), 0);
    ck_assert_uint_eq(fan_timer_due(&timer), due_ns + HOUR * FAN_SECOND);
}
END_TEST

START_TEST(a_period_beyond_all_time_is_the_end_of_it)
{
    fan_timer_init(&timer, NULL, 1, UINT64_MAX);
    ck_assert_int_eq(fan_timer_try(&timer), 0);
    ck_assert_uint_ge(fan_timer_due(&timer), UINT64_MAX - 1);
}
END_TEST

START_TEST(one_tick_is_for_one_who_waits)
{
    int errors[2] = {-1, -1};
    fan_timer_init(&timer, NULL, 0, 0);
    struct fan_thread *threads[] = {watch_spawn("first", wait_for_tick, &errors[0]),
                                    watch_spawn("second", wait_for_tick, &errors[1])};
    watch_until_so_many_blocked(2, FAN_OP_TIMER_WAIT);
    fan_timer_reset(&timer, 1, 0);
    while (fan_timer_due(&timer) != 0)
        fan_sleep(FAN_MILLISECOND, NULL);
    watch_until_so_many_blocked(1, FAN_OP_TIMER_WAIT);
    fan_ctx_cancel(&ctx, 0);
    fan_thread_join(threads[0]);
    fan_thread_join(threads[1]);
    ck_assert_int_eq(errors[0] + errors[1], 0 + ECANCELED);
}
END_TEST

START_TEST(a_reset_reaches_who_waits)
{
    int error = -1;
    fan_timer_init(&timer, NULL, far_ns, 0);
    struct fan_thread *thread = watch_spawn("waiter", wait_for_tick, &error);
    watch_until_blocked("waiter", FAN_OP_TIMER_WAIT);
    fan_timer_reset(&timer, 1, 0);
    fan_thread_join(thread);
    ck_assert_int_eq(error, 0);
}
END_TEST

START_TEST(a_stopped_timer_is_waited_for_until_it_is_set)
{
    int error = -1;
    struct fan_probe_thread seen;
    fan_timer_init(&timer, NULL, far_ns, 0);
    struct fan_thread *thread = watch_spawn("waiter", wait_for_tick, &error);
    watch_until_blocked("waiter", FAN_OP_TIMER_WAIT);
    fan_timer_reset(&timer, 0, 0);
    do
        watch_until_blocked("waiter", FAN_OP_TIMER_WAIT);
    while (!watch_thread("waiter", &seen) || seen.deadline_ns != 0);
    fan_timer_reset(&timer, 1, 0);
    fan_thread_join(thread);
    ck_assert_int_eq(error, 0);
}
END_TEST

START_TEST(a_cancel_ends_a_wait)
{
    int error = -1;
    fan_timer_init(&timer, NULL, far_ns, 0);
    struct fan_thread *thread = watch_spawn("waiter", wait_for_tick, &error);
    watch_until_blocked("waiter", FAN_OP_TIMER_WAIT);
    fan_ctx_cancel(&ctx, 0);
    fan_thread_join(thread);
    ck_assert_int_eq(error, ECANCELED);
    fan_timer_destroy(&timer);
}
END_TEST

START_TEST(the_contexts_deadline_ends_a_wait)
{
    struct fan_ctx brief;
    struct fan_ctx_options options = {.deadline_ns = fan_deadline_after(FAN_MILLISECOND)};
    fan_ctx_init(&brief, &options);
    fan_timer_init(&timer, NULL, far_ns, 0);
    ck_assert_int_eq(fan_timer_wait(&timer, &brief), ETIMEDOUT);
}
END_TEST

START_TEST(a_done_context_wins_over_a_tick)
{
    fan_timer_init(&timer, NULL, 1, 0);
    fan_ctx_cancel(&ctx, 0);
    ck_assert_int_eq(fan_timer_wait(&timer, &ctx), ECANCELED);
    ck_assert_int_eq(fan_timer_try(&timer), 0);
}
END_TEST

static void destroy(void *unused)
{
    (void)unused;
    fan_timer_destroy(&timer);
}

START_TEST(destroying_a_timer_that_is_waited_for_is_a_misuse)
{
    int error = -1;
    fan_timer_init(&timer, NULL, far_ns, 0);
    struct fan_thread *thread = watch_spawn("waiter", wait_for_tick, &error);
    watch_until_blocked("waiter", FAN_OP_TIMER_WAIT);
    ck_assert_str_eq(suite_panic_of(destroy, NULL)->message,
                     "destroy of a timer that threads wait for");
    fan_ctx_cancel(&ctx, 0);
    fan_thread_join(thread);
}
END_TEST

START_TEST(who_waits_shows_until_when)
{
    int error = -1;
    struct fan_probe_thread waiter;
    struct fan_probe_object seen;
    fan_timer_init(&timer, "report", far_ns, 0);
    struct fan_thread *thread = watch_spawn("waiter", wait_for_tick, &error);
    watch_until_blocked("waiter", FAN_OP_TIMER_WAIT);
    ck_assert(watch_thread("waiter", &waiter));
    ck_assert_uint_eq(waiter.deadline_ns, far_ns);
    ck_assert_uint_eq(waiter.waits[0].kind, FAN_KIND_TIMER);
    ck_assert(watch_object("report", &seen));
    ck_assert_uint_eq(seen.waiting_take, 1);
    fan_timer_reset(&timer, 1, 0);
    fan_thread_join(thread);
    ck_assert(watch_object("report", &seen));
    ck_assert_uint_eq(seen.waiting_take, 0);
    ck_assert_uint_eq(seen.taken, 1);
    fan_timer_destroy(&timer);
    ck_assert(!watch_object("report", &seen));
}
END_TEST

START_TEST(a_sleep_lasts_at_least_its_time)
{
    uint64_t until_ns = fan_deadline_after(2 * FAN_MILLISECOND);
    ck_assert_int_eq(fan_sleep(2 * FAN_MILLISECOND, NULL), 0);
    ck_assert_uint_ge(fan_now_ns(), until_ns);
    ck_assert_int_eq(fan_sleep(0, NULL), 0);
}
END_TEST

START_TEST(a_sleep_ends_with_its_context)
{
    struct fan_ctx brief;
    struct fan_ctx_options options = {.deadline_ns = fan_deadline_after(FAN_MILLISECOND)};
    fan_ctx_init(&brief, &options);
    ck_assert_int_eq(fan_sleep(HOUR * FAN_SECOND, &brief), ETIMEDOUT);
    fan_ctx_cancel(&ctx, 0);
    ck_assert_int_eq(fan_sleep(HOUR * FAN_SECOND, &ctx), ECANCELED);
    ck_assert_int_eq(fan_sleep(0, &ctx), ECANCELED);
}
END_TEST

static void sleep_long(void *error)
{
    *(int *)error = fan_sleep(HOUR * FAN_SECOND, &ctx);
}

START_TEST(who_sleeps_shows_until_when)
{
    int error = -1;
    struct fan_probe_thread seen;
    struct fan_thread *thread = watch_spawn("sleeper", sleep_long, &error);
    watch_until_blocked("sleeper", FAN_OP_SLEEP);
    ck_assert(watch_thread("sleeper", &seen));
    ck_assert_uint_ge(seen.deadline_ns, far_ns);
    fan_ctx_cancel(&ctx, 0);
    fan_thread_join(thread);
    ck_assert_int_eq(error, ECANCELED);
}
END_TEST

static int ticks_taken;

static void take_ticks(void *unused)
{
    (void)unused;
    while (fan_timer_wait(&timer, &ctx) == 0)
        __atomic_fetch_add(&ticks_taken, 1, __ATOMIC_RELAXED);
}

/* Each reset makes exactly one tick due, and each is taken before the next. */
START_TEST(no_tick_is_lost_or_taken_twice_between_resets)
{
    struct fan_thread *threads[3];
    fan_timer_init(&timer, NULL, 0, 0);
    for (int i = 0; i < 3; i++)
        threads[i] = watch_spawn("taker", take_ticks, NULL);
    for (int i = 0; i < 2000; i++) {
        fan_timer_reset(&timer, i % 2 ? 1 : fan_deadline_after(FAN_MICROSECOND), 0);
        while (fan_timer_due(&timer) != 0)
            sched_yield();
    }
    fan_ctx_cancel(&ctx, 0);
    for (int i = 0; i < 3; i++)
        fan_thread_join(threads[i]);
    ck_assert_int_eq(ticks_taken, 2000);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("timer");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_test(cases, a_timer_comes_once);
    tcase_add_test(cases, a_timer_is_not_early);
    tcase_add_test(cases, a_timer_that_is_not_due_gives_no_tick);
    tcase_add_test(cases, a_ticker_comes_again_and_again);
    tcase_add_test(cases, ticks_that_nobody_took_are_dropped);
    tcase_add_test(cases, a_tick_that_is_just_due_is_followed_by_the_next_period);
    tcase_add_test(cases, a_period_beyond_all_time_is_the_end_of_it);
    tcase_add_test(cases, one_tick_is_for_one_who_waits);
    tcase_add_test(cases, a_reset_reaches_who_waits);
    tcase_add_test(cases, a_stopped_timer_is_waited_for_until_it_is_set);
    tcase_add_test(cases, a_cancel_ends_a_wait);
    tcase_add_test(cases, the_contexts_deadline_ends_a_wait);
    tcase_add_test(cases, a_done_context_wins_over_a_tick);
    tcase_add_test(cases, destroying_a_timer_that_is_waited_for_is_a_misuse);
    tcase_add_test(cases, who_waits_shows_until_when);
    tcase_add_test(cases, a_sleep_lasts_at_least_its_time);
    tcase_add_test(cases, a_sleep_ends_with_its_context);
    tcase_add_test(cases, who_sleeps_shows_until_when);
    tcase_add_test(cases, no_tick_is_lost_or_taken_twice_between_resets);
    return suite_run("timer", cases);
}
