#include "base/panic.h"
#include "base/panic_state.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/probe.h"
#include "run/thread.h"
#include "tests/support/suite.h"

enum {
    OBSERVED = 7 /* how a test's process ends when its observer was told what it should be told */
};

static void know_bounds(void)
{
    fan_thread_adopt("main");
}

static void panic_with_number(void *number)
{
    fan_panic("number %d", *(int *)number);
}

static void do_nothing(void *count)
{
    ++*(int *)count;
}

START_TEST(a_scope_catches_a_panic_with_its_message)
{
    struct fan_panic panic = {.kind = FAN_PANIC_SIGNAL};
    ck_assert(!fan_recover(panic_with_number, &(int){42}, &panic));
    ck_assert_str_eq(panic.message, "number 42");
    ck_assert_int_eq(panic.kind, FAN_PANIC_PLAIN);
    ck_assert_ptr_null(panic.earlier_what);
}
END_TEST

START_TEST(the_panic_has_the_stack_of_who_panicked)
{
    const struct fan_panic *panic = suite_panic_of(panic_with_number, &(int){42});
    ck_assert_uint_ge(panic->stack.depth, 3);
    ck_assert_uint_gt(panic->stack.frames[1], (uintptr_t)panic_with_number);
    ck_assert_uint_lt(panic->stack.frames[1], (uintptr_t)panic_with_number + 4096);
}
END_TEST

START_TEST(a_call_that_returns_is_no_panic)
{
    int count = 0;
    struct fan_panic panic = {.message = "untouched"};
    ck_assert(fan_recover(do_nothing, &count, &panic));
    ck_assert_int_eq(count, 1);
    ck_assert_str_eq(panic.message, "untouched");
}
END_TEST

START_TEST(who_does_not_ask_is_not_told)
{
    ck_assert(!fan_recover(panic_with_number, &(int){1}, NULL));
}
END_TEST

static void panic_at_length(void *unused)
{
    (void)unused;
    fan_panic("%0400d", 0);
}

START_TEST(a_long_message_is_cut_off)
{
    const struct fan_panic *panic = suite_panic_of(panic_at_length, NULL);
    ck_assert_uint_eq(strlen(panic->message), sizeof panic->message - 1);
}
END_TEST

static void catch_one_and_panic(void *unused)
{
    (void)unused;
    ck_assert_str_eq(suite_panic_of(panic_with_number, &(int){1})->message, "number 1");
    fan_panic("outer");
}

START_TEST(scopes_nest)
{
    ck_assert_str_eq(suite_panic_of(catch_one_and_panic, NULL)->message, "outer");
}
END_TEST

static void succeed_inside_and_panic(void *count)
{
    ck_assert(fan_recover(do_nothing, count, NULL));
    fan_panic("after the inner scope");
}

START_TEST(a_scope_that_ended_catches_no_more)
{
    ck_assert_str_eq(suite_panic_of(succeed_inside_and_panic, &(int){0})->message,
                     "after the inner scope");
}
END_TEST

START_TEST(without_a_scope_the_program_ends)
{
    ck_assert(!fan_panic_is_caught());
    fan_panic("the end");
}
END_TEST

static void panic_elsewhere(void *unused)
{
    (void)unused;
    fan_panic("in another thread");
}

static void join_one_that_panics(void *unused)
{
    struct fan_thread *thread;
    (void)unused;
    ck_assert_int_eq(fan_thread_spawn(NULL, panic_elsewhere, NULL, &thread), 0);
    fan_thread_join(thread);
}

START_TEST(a_scope_catches_nothing_of_another_thread)
{
    fan_recover(join_one_that_panics, NULL, NULL);
}
END_TEST

static void see_a_scope(void *seen)
{
    *(bool *)seen = fan_panic_is_caught();
}

START_TEST(a_thread_knows_whether_it_is_in_a_scope)
{
    bool seen = false;
    ck_assert(!fan_panic_is_caught());
    ck_assert(fan_recover(see_a_scope, &seen, NULL));
    ck_assert(seen);
    ck_assert(!fan_panic_is_caught());
}
END_TEST

static void pass_on(void *caught)
{
    fan_panic_again(caught);
}

START_TEST(a_panic_goes_on_with_its_stack)
{
    struct fan_panic first = *suite_panic_of(panic_with_number, &(int){42});
    const struct fan_panic *again = suite_panic_of(pass_on, &first);
    ck_assert_mem_eq(again, &first, sizeof first);
}
END_TEST

static void misuse_object_9(void *unused)
{
    (void)unused;
    fan_panic_misuse(9, "wrong: %s", "mutex");
}

START_TEST(a_misuse_names_its_object)
{
    const struct fan_panic *panic = suite_panic_of(misuse_object_9, NULL);
    ck_assert_int_eq(panic->kind, FAN_PANIC_MISUSE);
    ck_assert_uint_eq(panic->object, 9);
    ck_assert_str_eq(panic->message, "wrong: mutex");
}
END_TEST

static void end_if_it_is_told(void *expected, const struct fan_panic *panic)
{
    const struct fan_panic *wanted = expected;
    if (panic->kind == wanted->kind && strcmp(panic->message, wanted->message) == 0)
        _exit(OBSERVED);
}

static void observe(struct fan_panic *expected)
{
    static struct fan_probe_thread threads[FAN_PROBE_THREADS];
    static struct fan_probe_object objects[FAN_PROBE_OBJECTS];
    static uint64_t unseen;
    static struct fan_probe_tables tables = {.threads = threads,
                                             .objects = objects,
                                             .unseen_threads = &unseen,
                                             .unseen_objects = &unseen,
                                             .panicked = end_if_it_is_told};
    tables.observer = expected;
    fan_probe_install(&tables);
}

START_TEST(an_observer_is_told_before_the_program_ends)
{
    observe(&(struct fan_panic){.message = "number 42"});
    panic_with_number(&(int){42});
}
END_TEST

START_TEST(an_observer_is_told_nothing_that_a_scope_catches)
{
    observe(&(struct fan_panic){.message = "number 42"});
    suite_panic_of(panic_with_number, &(int){42});
}
END_TEST

static void panic_with_a_lock(void *unused)
{
    (void)unused;
    fan_panic_lock_taken();
    fan_panic("oops");
}

START_TEST(no_scope_catches_a_panic_with_a_lock_held)
{
    observe(&(struct fan_panic){.kind = FAN_PANIC_MISUSE,
                                .message = "a lock is held where a panic was recovered (oops)"});
    fan_recover(panic_with_a_lock, NULL, NULL);
}
END_TEST

static void panic_after_the_lock(void *unused)
{
    (void)unused;
    fan_panic_lock_taken();
    fan_panic_lock_released();
    fan_panic("oops");
}

START_TEST(a_lock_that_was_released_or_is_held_outside_does_not_count)
{
    fan_panic_lock_taken();
    ck_assert_str_eq(suite_panic_of(panic_after_the_lock, NULL)->message, "oops");
    ck_assert_str_eq(suite_panic_of(panic_with_number, &(int){1})->message, "number 1");
    fan_panic_lock_released();
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("panic");
    tcase_add_checked_fixture(cases, know_bounds, NULL);
    tcase_add_test(cases, a_scope_catches_a_panic_with_its_message);
    tcase_add_test(cases, the_panic_has_the_stack_of_who_panicked);
    tcase_add_test(cases, a_call_that_returns_is_no_panic);
    tcase_add_test(cases, who_does_not_ask_is_not_told);
    tcase_add_test(cases, a_long_message_is_cut_off);
    tcase_add_test(cases, scopes_nest);
    tcase_add_test(cases, a_scope_that_ended_catches_no_more);
    tcase_add_test_raise_signal(cases, without_a_scope_the_program_ends, SIGABRT);
    tcase_add_test_raise_signal(cases, a_scope_catches_nothing_of_another_thread, SIGABRT);
    tcase_add_test(cases, a_thread_knows_whether_it_is_in_a_scope);
    tcase_add_test(cases, a_panic_goes_on_with_its_stack);
    tcase_add_test(cases, a_misuse_names_its_object);
    tcase_add_exit_test(cases, an_observer_is_told_before_the_program_ends, OBSERVED);
    tcase_add_test(cases, an_observer_is_told_nothing_that_a_scope_catches);
    tcase_add_exit_test(cases, no_scope_catches_a_panic_with_a_lock_held, OBSERVED);
    tcase_add_test(cases, a_lock_that_was_released_or_is_held_outside_does_not_count);
    return suite_run("panic", cases);
}
