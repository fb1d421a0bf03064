#include "flow/rate.h"

#include <errno.h>

#include "run/thread.h"
#include "run/time.h"
#include "tests/support/suite.h"

enum { THREADS = 4, EACH = 50 };

static struct fan_rate rate;

static void begin(struct fan_rate_options options)
{
    ck_assert_int_eq(fan_rate_init(&rate, &options), 0);
}

START_TEST(a_burst_is_let_through_and_no_more)
{
    begin((struct fan_rate_options){.count = 1, .period_ns = 1000 * FAN_SECOND, .burst = 5});
    ck_assert_int_eq(fan_rate_try_take(&rate, 3), 0);
    ck_assert_int_eq(fan_rate_try_take(&rate, 3), EAGAIN);
    ck_assert_int_eq(fan_rate_try_take(&rate, 2), 0);
    ck_assert_int_eq(fan_rate_try_take(&rate, 1), EAGAIN);
    fan_rate_destroy(&rate);
}
END_TEST

START_TEST(what_comes_too_late_is_refused_at_once_and_not_taken)
{
    struct fan_ctx ctx;
    begin((struct fan_rate_options){.count = 1, .period_ns = 1000 * FAN_SECOND, .burst = 2});
    fan_ctx_init(&ctx, &(struct fan_ctx_options){.deadline_ns = fan_deadline_after(FAN_SECOND)});
    ck_assert_int_eq(fan_rate_take(&rate, 1, &ctx), 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(fan_rate_take(&rate, 2, &ctx), ETIMEDOUT);
    ck_assert_int_eq(fan_rate_take(&rate, 1, &ctx), 0);
    fan_ctx_destroy(&ctx);
    fan_rate_destroy(&rate);
}
END_TEST

START_TEST(a_done_context_takes_nothing)
{
    struct fan_ctx ctx;
    begin((struct fan_rate_options){.count = 1, .period_ns = 1000 * FAN_SECOND});
    fan_ctx_init(&ctx, NULL);
    fan_ctx_cancel(&ctx, 0);
    ck_assert_int_eq(fan_rate_take(&rate, 1, &ctx), ECANCELED);
    ck_assert_int_eq(fan_rate_try_take(&rate, 1), 0);
    fan_ctx_destroy(&ctx);
    fan_rate_destroy(&rate);
}
END_TEST

static void take_some(void *unused)
{
    (void)unused;
    for (int i = 0; i < EACH; i++)
        ck_assert_int_eq(fan_rate_take(&rate, 1, NULL), 0);
}

/* 200 at 2000 a second: 100 ms, but for the first ten. */
START_TEST(workers_keep_to_it_together)
{
    struct fan_thread *threads[THREADS];
    begin((struct fan_rate_options){.count = 2000, .burst = 10});
    uint64_t began_ns = fan_now_ns();
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(fan_thread_spawn(NULL, take_some, NULL, &threads[i]), 0);
    for (int i = 0; i < THREADS; i++)
        fan_thread_join(threads[i]);
    ck_assert_uint_ge(fan_now_ns() - began_ns, (THREADS * EACH - 10) * FAN_SECOND / 2000);
    fan_rate_destroy(&rate);
}
END_TEST

/* One in 292 years: the clock has not much more. */
START_TEST(what_time_does_not_last_for_is_refused)
{
    begin((struct fan_rate_options){.count = 1, .period_ns = INT64_MAX});
    ck_assert_int_eq(fan_rate_take(&rate, 1, NULL), 0);
    ck_assert_int_eq(fan_rate_try_take(&rate, 1), EAGAIN);
    ck_assert_int_eq(fan_rate_take(&rate, 1, NULL), ETIMEDOUT);
    fan_rate_destroy(&rate);
}
END_TEST

START_TEST(bad_input_is_refused)
{
    static const struct fan_rate_options wrong[] = {
        {.burst = 1},
        {.count = UINT64_MAX},
        {.count = 1, .burst = UINT64_MAX},
        {.count = 1, .period_ns = UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_int_eq(fan_rate_init(&rate, &wrong[i]), EINVAL);
    ck_assert_int_eq(fan_rate_init(&rate, NULL), EINVAL);
    begin((struct fan_rate_options){.count = 1, .burst = 3});
    ck_assert_int_eq(fan_rate_take(&rate, 0, NULL), EINVAL);
    ck_assert_int_eq(fan_rate_take(&rate, 4, NULL), EINVAL);
    ck_assert_int_eq(fan_rate_try_take(&rate, 4), EINVAL);
    ck_assert_int_eq(fan_rate_try_take(&rate, 3), 0);
    fan_rate_destroy(&rate);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("rate");
    tcase_add_test(cases, a_burst_is_let_through_and_no_more);
    tcase_add_test(cases, what_comes_too_late_is_refused_at_once_and_not_taken);
    tcase_add_test(cases, a_done_context_takes_nothing);
    tcase_add_test(cases, workers_keep_to_it_together);
    tcase_add_test(cases, what_time_does_not_last_for_is_refused);
    tcase_add_test(cases, bad_input_is_refused);
    return suite_run("rate", cases);
}
