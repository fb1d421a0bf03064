#include "flow/limiter.h"

#include <errno.h>

#include "base/random.h"
#include "run/atomic.h"
#include "run/thread.h"
#include "run/time.h"
#include "sync/timer.h"
#include "tests/support/suite.h"

enum { THREADS = 8, ROUNDS = 3000, CEILING = 6 };

static struct fan_limiter limiter;
static int inside, most;

static void begin(struct fan_aimd_options rule)
{
    inside = most = 0;
    ck_assert_int_eq(
        fan_limiter_init(&limiter, &(struct fan_limiter_options){.name = "shop", .rule = rule}), 0);
}

static struct fan_limiter_state look(void)
{
    struct fan_limiter_state state;
    fan_limiter_look(&limiter, &state);
    return state;
}

static void acquire(int times)
{
    for (int i = 0; i < times; i++)
        ck_assert_int_eq(fan_limiter_try_acquire(&limiter), 0);
}

static void release(int times, enum fan_limiter_outcome outcome)
{
    for (int i = 0; i < times; i++)
        fan_limiter_release(&limiter, fan_now_ns(), outcome);
}

START_TEST(no_more_permits_are_out_than_the_limit)
{
    begin((struct fan_aimd_options){.initial = 3});
    acquire(3);
    ck_assert_int_eq(fan_limiter_try_acquire(&limiter), EAGAIN);
    release(1, FAN_LIMITER_IGNORED);
    acquire(1);
    ck_assert_int_eq(look().wanted, 3);
    release(3, FAN_LIMITER_DONE);
    ck_assert_int_eq(look().wanted, 0);
    fan_limiter_destroy(&limiter);
}
END_TEST

START_TEST(a_limit_that_has_fallen_is_reached_as_permits_come_back)
{
    begin((struct fan_aimd_options){.initial = 10, .decrease_percent = 50});
    acquire(10);
    release(1, FAN_LIMITER_OVERLOADED);
    ck_assert_int_eq(look().limit, 5);
    release(4, FAN_LIMITER_IGNORED);
    ck_assert_int_eq(fan_limiter_try_acquire(&limiter), EAGAIN);
    release(1, FAN_LIMITER_IGNORED);
    acquire(1);
    ck_assert_int_eq(fan_limiter_try_acquire(&limiter), EAGAIN);
    release(5, FAN_LIMITER_IGNORED);
    acquire(5);
    ck_assert_int_eq(fan_limiter_try_acquire(&limiter), EAGAIN);
    release(5, FAN_LIMITER_IGNORED);
    fan_limiter_destroy(&limiter);
}
END_TEST

START_TEST(permits_that_nobody_has_are_taken_at_once)
{
    begin((struct fan_aimd_options){.initial = 10, .decrease_percent = 50});
    acquire(1);
    release(1, FAN_LIMITER_OVERLOADED);
    acquire(5);
    ck_assert_int_eq(fan_limiter_try_acquire(&limiter), EAGAIN);
    release(5, FAN_LIMITER_IGNORED);
    fan_limiter_destroy(&limiter);
}
END_TEST

START_TEST(a_limit_that_has_risen_lets_more_in)
{
    begin((struct fan_aimd_options){.initial = 2, .window = 64});
    int limit = 2;
    for (; look().increases == 0; limit = look().limit) {
        acquire(limit);
        release(limit, FAN_LIMITER_DONE);
    }
    acquire(limit);
    ck_assert_int_eq(fan_limiter_try_acquire(&limiter), EAGAIN);
    release(limit, FAN_LIMITER_IGNORED);
    fan_limiter_destroy(&limiter);
}
END_TEST

static void wait_for_permit(void *ctx)
{
    ck_assert_int_eq(fan_limiter_acquire(&limiter, ctx), ECANCELED);
}

START_TEST(who_waits_leaves_when_its_context_is_done)
{
    struct fan_thread *thread;
    struct fan_ctx ctx;
    begin((struct fan_aimd_options){.initial = 1});
    acquire(1);
    fan_ctx_init(&ctx, NULL);
    ck_assert_int_eq(fan_thread_spawn(NULL, wait_for_permit, &ctx, &thread), 0);
    while (look().wanted < 2)
        fan_sleep(FAN_MILLISECOND, NULL);
    fan_ctx_cancel(&ctx, 0);
    fan_thread_join(thread);
    fan_ctx_destroy(&ctx);
    ck_assert_int_eq(look().wanted, 1);
    release(1, FAN_LIMITER_IGNORED);
    fan_limiter_destroy(&limiter);
}
END_TEST

static void note_most(int now)
{
    int seen = fan_atomic_load(&most, FAN_RELAXED);
    while (now > seen && !fan_atomic_compare_exchange(&most, &seen, now, FAN_RELAXED, FAN_RELAXED))
        continue;
}

static void come_and_go(void *seed)
{
    struct fan_random random = {.state = *(uint64_t *)seed};
    for (int i = 0; i < ROUNDS; i++) {
        ck_assert_int_eq(fan_limiter_acquire(&limiter, NULL), 0);
        uint64_t began_ns = fan_now_ns();
        note_most(fan_atomic_fetch_add(&inside, 1, FAN_RELAXED) + 1);
        fan_atomic_fetch_sub(&inside, 1, FAN_RELAXED);
        bool refused = fan_random_below(&random, 100) == 0;
        fan_limiter_release(&limiter, began_ns,
                            refused ? FAN_LIMITER_OVERLOADED : FAN_LIMITER_DONE);
    }
}

START_TEST(many_threads_may_use_it)
{
    struct fan_thread *threads[THREADS];
    uint64_t seeds[THREADS];
    begin((struct fan_aimd_options){.ceiling = CEILING, .window = 64});
    for (int i = 0; i < THREADS; i++) {
        seeds[i] = (uint64_t)i;
        ck_assert_int_eq(fan_thread_spawn(NULL, come_and_go, &seeds[i], &threads[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        fan_thread_join(threads[i]);
    struct fan_limiter_state state = look();
    ck_assert_int_ge(most, 1);
    ck_assert_int_le(most, CEILING);
    ck_assert_uint_gt(state.decreases, 0);
    ck_assert_int_eq(state.wanted, 0);
    acquire(state.limit);
    ck_assert_int_eq(fan_limiter_try_acquire(&limiter), EAGAIN);
    release(state.limit, FAN_LIMITER_IGNORED);
    fan_limiter_destroy(&limiter);
}
END_TEST

static void destroy(void *unused)
{
    (void)unused;
    fan_limiter_destroy(&limiter);
}

START_TEST(a_destroy_while_somebody_is_under_way_is_a_misuse)
{
    begin((struct fan_aimd_options){0});
    acquire(1);
    suite_panic_of(destroy, NULL);
}
END_TEST

START_TEST(errors_tell_of_overload_or_of_nothing)
{
    ck_assert_int_eq(fan_limiter_outcome_of(0), FAN_LIMITER_DONE);
    ck_assert_int_eq(fan_limiter_outcome_of(EBUSY), FAN_LIMITER_OVERLOADED);
    ck_assert_int_eq(fan_limiter_outcome_of(ETIMEDOUT), FAN_LIMITER_OVERLOADED);
    ck_assert_int_eq(fan_limiter_outcome_of(ECANCELED), FAN_LIMITER_IGNORED);
    ck_assert_int_eq(fan_limiter_outcome_of(ENOENT), FAN_LIMITER_IGNORED);
}
END_TEST

START_TEST(wrong_options_are_refused)
{
    struct fan_limiter_options wrong = {.rule.ceiling = -1};
    ck_assert_int_eq(fan_limiter_init(&limiter, &wrong), EINVAL);
    ck_assert_int_eq(fan_limiter_init(&limiter, NULL), 0);
    fan_limiter_destroy(&limiter);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("limiter");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, no_more_permits_are_out_than_the_limit);
    tcase_add_test(cases, a_limit_that_has_fallen_is_reached_as_permits_come_back);
    tcase_add_test(cases, permits_that_nobody_has_are_taken_at_once);
    tcase_add_test(cases, a_limit_that_has_risen_lets_more_in);
    tcase_add_test(cases, who_waits_leaves_when_its_context_is_done);
    tcase_add_test(cases, many_threads_may_use_it);
    tcase_add_test(cases, a_destroy_while_somebody_is_under_way_is_a_misuse);
    tcase_add_test(cases, errors_tell_of_overload_or_of_nothing);
    tcase_add_test(cases, wrong_options_are_refused);
    return suite_run("limiter", cases);
}
