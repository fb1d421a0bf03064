#include "sim/fiber.h"

#include <execinfo.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#include "sim/sanitizers.h"
#include "tests/support/suite.h"

enum { STACK_SIZE = 64 << 10, TEAM = 3 };

/* Which fiber runs is for the tests to know. */
static struct fan_fiber home, fibers[TEAM];
static _Alignas(4096) char stacks[TEAM][STACK_SIZE];
static int steps;

static void adopt_the_thread(void)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    fan_stack_set_bounds((struct fan_stack_bounds){here - (1 << 19), here + (1 << 19)});
    fan_fiber_adopt(&home);
    steps = 0;
}

static void start(int which, void (*entry)(void *), void *argument)
{
    fan_fiber_init(&fibers[which], stacks[which], STACK_SIZE, entry, argument);
}

static void count_and_go_home(void *argument)
{
    int *counted = argument;
    for (;;) {
        ++*counted;
        fan_fiber_switch(&fibers[0], &home);
    }
}

START_TEST(a_fiber_runs_until_it_switches)
{
    int counted = 0;
    start(0, count_and_go_home, &counted);
    ck_assert_int_eq(counted, 0);
    for (int i = 1; i <= 10000; i++) {
        fan_fiber_switch(&home, &fibers[0]);
        ck_assert_int_eq(counted, i);
    }
    fan_fiber_destroy(&fibers[0]);
}
END_TEST

static void pass_on(void *argument)
{
    int me = (int)(intptr_t)argument;
    for (;;) {
        ck_assert_int_eq(steps % TEAM, me);
        int next = (me + 1) % TEAM;
        if (++steps < 30000)
            fan_fiber_switch(&fibers[me], &fibers[next]);
        else
            fan_fiber_switch(&fibers[me], &home);
    }
}

START_TEST(fibers_hand_on_to_each_other)
{
    for (intptr_t i = 0; i < TEAM; i++)
        start((int)i, pass_on, (void *)i);
    fan_fiber_switch(&home, &fibers[0]);
    ck_assert_int_eq(steps, 30000);
}
END_TEST

static void leave_at_once(void *argument)
{
    ++*(int *)argument;
    fan_fiber_leave(&fibers[0], &home);
}

START_TEST(a_stack_is_used_again_and_again)
{
    int ended = 0;
    for (int i = 0; i < 1000; i++) {
        start(0, leave_at_once, &ended);
        fan_fiber_switch(&home, &fibers[0]);
        fan_fiber_destroy(&fibers[0]);
    }
    ck_assert_int_eq(ended, 1000);
}
END_TEST

/* Ten of everything, so that some must live in registers that a call keeps. */
__attribute__((noinline)) static void calculate(struct fan_fiber *me, double seed)
{
    double a = seed, b = seed * 2, c = seed * 3, d = seed * 5, e = seed * 7, f = seed * 11;
    long i = (long)a, j = (long)b, k = (long)c, l = (long)d, m = (long)e, n = (long)f;
    for (int round = 0; round < 1000; round++) {
        fan_fiber_switch(me, &home);
        a += seed, b -= seed, c = -c, d = sqrt(d * d), e += a, f += b;
        i += (long)seed, j -= (long)seed, k = -k, l ^= 0, m += i, n += j;
    }
    ck_assert_double_eq(a, seed * 1001);
    ck_assert_double_eq(b, seed * -998);
    ck_assert_double_eq(c, seed * 3);
    ck_assert_double_eq(d, seed * 5);
    ck_assert_int_eq((long)a, i);
    ck_assert_int_eq((long)b, j);
    ck_assert_int_eq((long)c, k);
    ck_assert_int_eq((long)d, l);
    ck_assert_int_eq((long)e, m);
    ck_assert_int_eq((long)f, n);
    steps++;
}

static void calculate_and_leave(void *argument)
{
    struct fan_fiber *me = argument;
    calculate(me, (double)(me - fibers + 1));
    fan_fiber_leave(me, &home);
}

START_TEST(each_fiber_keeps_its_registers)
{
    for (int i = 0; i < TEAM; i++)
        start(i, calculate_and_leave, &fibers[i]);
    for (int round = 0; round <= 1000; round++)
        for (int i = 0; i < TEAM; i++)
            fan_fiber_switch(&home, &fibers[i]);
    ck_assert_int_eq(steps, TEAM);
}
END_TEST

static bool is_aligned_for_a_call(void)
{
    _Alignas(16) volatile char local[16] = {0};
    return (uintptr_t)local % 16 == 0 && (uintptr_t)__builtin_frame_address(0) % 16 == 0;
}

static void look_at_the_stack(void *argument)
{
    *(bool *)argument = is_aligned_for_a_call();
    fan_fiber_leave(&fibers[0], &home);
}

START_TEST(a_stack_of_any_size_is_aligned)
{
    for (size_t cut = 0; cut < 32; cut++) {
        bool aligned = false;
        fan_fiber_init(&fibers[0], stacks[0], STACK_SIZE - cut, look_at_the_stack, &aligned);
        fan_fiber_switch(&home, &fibers[0]);
        ck_assert_msg(aligned, "with %zu bytes less", cut);
    }
}
END_TEST

/* ---- walking up a fiber's stack */

static struct fan_stack seen;
static uintptr_t middle_returns_to, outer_returns_to;

__attribute__((noinline)) static void park_in_the_middle(void)
{
    middle_returns_to = (uintptr_t)__builtin_return_address(0);
    fan_stack_capture(&seen, 0);
    fan_fiber_switch(&fibers[0], &home);
}

__attribute__((noinline)) static void walk_from_deep_inside(void *argument)
{
    (void)argument;
    outer_returns_to = (uintptr_t)__builtin_return_address(0);
    park_in_the_middle();
    fan_fiber_leave(&fibers[0], &home);
}

/* Some of it is inside the function that begins at `at`. */
static bool is_near(uintptr_t address, uintptr_t at)
{
    return address > at && address < at + 512;
}

static void park_a_fiber(void)
{
    start(0, walk_from_deep_inside, NULL);
    fan_fiber_switch(&home, &fibers[0]);
}

START_TEST(a_walk_inside_a_fiber_names_all_frames_and_ends_at_its_root)
{
    park_a_fiber();
    ck_assert(is_near(seen.frames[0], (uintptr_t)park_in_the_middle));
    ck_assert_uint_eq(seen.frames[1], middle_returns_to);
    ck_assert_uint_eq(seen.frames[2], outer_returns_to);
    ck_assert_uint_ge(seen.depth, 3);
    ck_assert_uint_le(seen.depth, 5); /* what calls the entry may be seen, and no more */
}
END_TEST

START_TEST(a_parked_fiber_is_walked_from_outside)
{
    struct fan_stack parked;
    park_a_fiber();
    fan_fiber_capture(&fibers[0], &parked);
    ck_assert(is_near(parked.frames[0], (uintptr_t)park_in_the_middle));
    ck_assert_uint_eq(parked.depth, seen.depth);
    ck_assert_mem_eq(&parked.frames[1], &seen.frames[1], (seen.depth - 1) * sizeof(uintptr_t));
}
END_TEST

START_TEST(a_fiber_that_never_ran_has_no_stack)
{
    struct fan_stack none = {.depth = 9};
    start(0, walk_from_deep_inside, NULL);
    fan_fiber_capture(&fibers[0], &none);
    ck_assert_uint_eq(none.depth, 0);
}
END_TEST

START_TEST(the_bounds_of_captures_follow_the_switch)
{
    struct fan_stack_bounds before = fan_stack_bounds_here();
    struct fan_stack here;
    park_a_fiber();
    ck_assert_uint_eq(fan_stack_bounds_here().low, before.low);
    ck_assert_uint_eq(fan_stack_bounds_here().high, before.high);
    fan_stack_capture(&here, 0);
    ck_assert_uint_ge(here.depth, 2);
}
END_TEST

static void *unwound[64];
static int unwound_depth;

static void unwind(void *argument)
{
    (void)argument;
    unwound_depth = backtrace(unwound, 64);
    fan_fiber_leave(&fibers[0], &home);
}

START_TEST(the_c_library_unwinds_a_fiber_to_its_root)
{
    start(0, unwind, NULL);
    fan_fiber_switch(&home, &fibers[0]);
    ck_assert_int_ge(unwound_depth, 2);
    ck_assert_int_le(unwound_depth, 6);
    ck_assert(is_near((uintptr_t)unwound[0], (uintptr_t)unwind) ||
              is_near((uintptr_t)unwound[1], (uintptr_t)unwind));
}
END_TEST

/* ---- what must not be done */

static void return_from_the_entry(void *argument)
{
    (void)argument;
}

START_TEST(returning_from_the_entry_panics)
{
    start(0, return_from_the_entry, NULL);
    fan_fiber_switch(&home, &fibers[0]);
}
END_TEST

START_TEST(a_fiber_that_was_left_for_good_cannot_go_on)
{
    int ended = 0;
    start(0, leave_at_once, &ended);
    fan_fiber_switch(&home, &fibers[0]);
    fan_fiber_switch(&home, &fibers[0]);
}
END_TEST

#if FAN_UNDER_TSAN
static void write_what_home_wrote(void *argument)
{
    *(int *)argument = 2;
    fan_fiber_leave(&fibers[0], &home);
}

static void write_from_two_fibers(bool unordered)
{
    int written = 0;
    start(0, write_what_home_wrote, &written);
    fibers[0].unordered = unordered;
    home.unordered = unordered;
    written = 1;
    fan_fiber_switch(&home, &fibers[0]);
}

START_TEST(a_switch_orders_what_two_fibers_do)
{
    write_from_two_fibers(false);
}
END_TEST

/* Ends the process with the status that ThreadSanitizer reports a race with. */
START_TEST(an_unordered_switch_leaves_a_race_to_be_found)
{
    write_from_two_fibers(true);
}
END_TEST
#endif

int main(void)
{
    TCase *cases = tcase_create("fiber");
    tcase_add_checked_fixture(cases, adopt_the_thread, NULL);
    tcase_add_test(cases, a_fiber_runs_until_it_switches);
    tcase_add_test(cases, fibers_hand_on_to_each_other);
    tcase_add_test(cases, a_stack_is_used_again_and_again);
    tcase_add_test(cases, each_fiber_keeps_its_registers);
    tcase_add_test(cases, a_stack_of_any_size_is_aligned);
    tcase_add_test(cases, a_walk_inside_a_fiber_names_all_frames_and_ends_at_its_root);
    tcase_add_test(cases, a_parked_fiber_is_walked_from_outside);
    tcase_add_test(cases, a_fiber_that_never_ran_has_no_stack);
    tcase_add_test(cases, the_bounds_of_captures_follow_the_switch);
    tcase_add_test(cases, the_c_library_unwinds_a_fiber_to_its_root);
    tcase_add_test_raise_signal(cases, returning_from_the_entry_panics, SIGABRT);
    tcase_add_test_raise_signal(cases, a_fiber_that_was_left_for_good_cannot_go_on, SIGABRT);
#if FAN_UNDER_TSAN
    tcase_add_test(cases, a_switch_orders_what_two_fibers_do);
    tcase_add_exit_test(cases, an_unordered_switch_leaves_a_race_to_be_found, 66);
#endif
    return suite_run("fiber", cases);
}
