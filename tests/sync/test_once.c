#include "sync/once.h"

#include <signal.h>

#include "run/thread.h"
#include "sync/ctx.h"
#include "sync/timer.h"
#include "tests/support/suite.h"
#include "tests/support/watch.h"

static struct fan_once once = {.name = "open the log"};
static struct fan_ctx gate;
static int calls, ended;

static void set_up(void)
{
    watch_begin();
    fan_ctx_init(&gate, NULL);
}

static void count_call(void *unused)
{
    (void)unused;
    calls++;
}

static void wait_at_gate(void *unused)
{
    (void)unused;
    calls++;
    fan_sleep(UINT64_MAX, &gate);
    ended = 1;
}

static void come_to_it(void *function)
{
    fan_once(&once, *(void (**)(void *))function, NULL);
    ck_assert_int_eq(ended, 1);
}

START_TEST(it_happens_one_time)
{
    for (int i = 0; i < 3; i++)
        fan_once(&once, count_call, NULL);
    ck_assert_int_eq(calls, 1);
}
END_TEST

START_TEST(two_of_them_are_two)
{
    struct fan_once other = {0};
    fan_once(&once, count_call, NULL);
    fan_once(&other, count_call, NULL);
    ck_assert_int_eq(calls, 2);
}
END_TEST

START_TEST(the_others_wait_for_the_end_of_the_first)
{
    void (*function)(void *) = wait_at_gate;
    struct fan_thread *threads[4];
    threads[0] = watch_spawn("first", come_to_it, &function);
    watch_until_blocked("first", FAN_OP_SLEEP);
    for (int i = 1; i < 4; i++)
        threads[i] = watch_spawn("other", come_to_it, &function);
    watch_until_so_many_blocked(3, FAN_OP_ONCE);
    fan_ctx_cancel(&gate, 0);
    for (int i = 0; i < 4; i++)
        fan_thread_join(threads[i]);
    ck_assert_int_eq(calls, 1);
}
END_TEST

START_TEST(it_shows_who_runs_the_function_and_who_waits)
{
    void (*function)(void *) = wait_at_gate;
    struct fan_probe_object seen;
    struct fan_thread *first = watch_spawn("first", come_to_it, &function);
    watch_until_blocked("first", FAN_OP_SLEEP);
    struct fan_thread *other = watch_spawn("other", come_to_it, &function);
    watch_until_blocked("other", FAN_OP_ONCE);
    ck_assert(watch_object("open the log", &seen));
    ck_assert_uint_eq(seen.kind, FAN_KIND_ONCE);
    ck_assert_uint_eq(seen.owner, fan_thread_id(first));
    ck_assert_uint_eq(seen.waiting_take, 1);
    ck_assert_uint_eq(seen.closed, 0);
    fan_ctx_cancel(&gate, 0);
    fan_thread_join(first);
    fan_thread_join(other);
    ck_assert(watch_object("open the log", &seen));
    ck_assert_uint_eq(seen.owner, 0);
    ck_assert_uint_eq(seen.waiting_take, 0);
    ck_assert_uint_eq(seen.closed, 1);
    fan_once_destroy(&once);
    ck_assert(!watch_object("open the log", &seen));
}
END_TEST

static void count_and_panic(void *unused)
{
    (void)unused;
    calls++;
    fan_panic("cannot open");
}

static void come_and_panic(void *unused)
{
    (void)unused;
    fan_once(&once, count_and_panic, NULL);
}

START_TEST(a_function_that_panics_counts_as_done)
{
    const struct fan_panic *panic = suite_panic_of(come_and_panic, NULL);
    ck_assert_str_eq(panic->message, "cannot open");
    ck_assert_uint_gt(panic->stack.frames[1], (uintptr_t)count_and_panic);
    ck_assert_uint_lt(panic->stack.frames[1], (uintptr_t)count_and_panic + 4096);
    fan_once(&once, count_and_panic, NULL);
    ck_assert_int_eq(calls, 1);
    fan_once_destroy(&once);
}
END_TEST

static void panic_at_gate(void *unused)
{
    (void)unused;
    fan_sleep(UINT64_MAX, &gate);
    ended = 1;
    fan_panic("late");
}

static void come_and_panic_at_gate(void *unused)
{
    (void)unused;
    fan_once(&once, panic_at_gate, NULL);
}

static void come_and_recover(void *unused)
{
    (void)unused;
    ck_assert(!fan_recover(come_and_panic_at_gate, NULL, NULL));
}

START_TEST(who_waits_is_released_by_a_panic_too)
{
    void (*function)(void *) = count_call;
    struct fan_thread *first = watch_spawn("first", come_and_recover, NULL);
    watch_until_blocked("first", FAN_OP_SLEEP);
    struct fan_thread *other = watch_spawn("other", come_to_it, &function);
    watch_until_blocked("other", FAN_OP_ONCE);
    fan_ctx_cancel(&gate, 0);
    fan_thread_join(other);
    fan_thread_join(first);
    ck_assert_int_eq(calls, 0);
}
END_TEST

START_TEST(a_panic_outside_a_scope_ends_the_program)
{
    fan_once(&once, count_and_panic, NULL);
}
END_TEST

static void come_back(void *unused)
{
    (void)unused;
    fan_once(&once, count_call, NULL);
}

static void come_in_a_circle(void *unused)
{
    (void)unused;
    fan_once(&once, come_back, NULL);
}

START_TEST(a_function_that_comes_back_is_a_misuse)
{
    const struct fan_panic *panic = suite_panic_of(come_in_a_circle, NULL);
    ck_assert_str_eq(panic->message,
                     "a once is called from the function that it calls: open the log");
    ck_assert_int_eq(panic->kind, FAN_PANIC_MISUSE);
    ck_assert_int_eq(calls, 0);
}
END_TEST

static void destroy(void *unused)
{
    (void)unused;
    fan_once_destroy(&once);
}

static void destroy_inside(void *unused)
{
    (void)unused;
    ck_assert_str_eq(suite_panic_of(destroy, NULL)->message,
                     "destroy of a once whose function is running: open the log");
}

START_TEST(destroying_it_while_it_happens_is_a_misuse)
{
    fan_once(&once, destroy_inside, NULL);
    fan_once_destroy(&once);
}
END_TEST

static struct fan_once many[1000];
static int values[1000];

static void set_value(void *value)
{
    *(int *)value += 42;
}

static void come_to_many(void *unused)
{
    (void)unused;
    for (int i = 0; i < 1000; i++) {
        fan_once(&many[i], set_value, &values[i]);
        ASSERT_OFTEN(values[i] == 42);
    }
}

START_TEST(whoever_returns_sees_what_the_function_wrote)
{
    struct fan_thread *threads[4];
    for (int i = 0; i < 4; i++)
        threads[i] = watch_spawn("comer", come_to_many, NULL);
    for (int i = 0; i < 4; i++)
        fan_thread_join(threads[i]);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("once");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_test(cases, it_happens_one_time);
    tcase_add_test(cases, two_of_them_are_two);
    tcase_add_test(cases, the_others_wait_for_the_end_of_the_first);
    tcase_add_test(cases, it_shows_who_runs_the_function_and_who_waits);
    tcase_add_test(cases, a_function_that_panics_counts_as_done);
    tcase_add_test(cases, who_waits_is_released_by_a_panic_too);
    tcase_add_test_raise_signal(cases, a_panic_outside_a_scope_ends_the_program, SIGABRT);
    tcase_add_test(cases, a_function_that_comes_back_is_a_misuse);
    tcase_add_test(cases, destroying_it_while_it_happens_is_a_misuse);
    tcase_add_test(cases, whoever_returns_sees_what_the_function_wrote);
    return suite_run("once", cases);
}
