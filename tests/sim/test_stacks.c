#define _GNU_SOURCE
#include "sim/stacks.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/fiber.h"
#include "sim/region.h"
#include "sim/sanitizers.h"
#include "tests/support/suite.h"

enum { COUNT = 8 };

static struct fan_stacks stacks;

static void make_a_pool(void)
{
    ck_assert_int_eq(fan_stacks_init(&stacks, FAN_REGION_STACKS, 0, COUNT), 0);
}

static void destroy_the_pool(void)
{
    fan_stacks_destroy(&stacks);
}

static uint32_t take(void)
{
    uint32_t index;
    ck_assert_int_eq(fan_stacks_get(&stacks, &index), 0);
    return index;
}

static char *low_of(uint32_t index)
{
    return fan_stacks_low(&stacks, index);
}

START_TEST(a_pool_hands_out_every_stack_once)
{
    uint32_t index = 99;
    for (uint32_t i = 0; i < COUNT; i++)
        ck_assert_uint_eq(take(), i);
    ck_assert_int_eq(fan_stacks_get(&stacks, &index), EAGAIN);
    ck_assert_uint_eq(index, 99);
}
END_TEST

START_TEST(a_stack_put_back_is_the_next)
{
    take();
    uint32_t second = take();
    take();
    fan_stacks_put(&stacks, second);
    ck_assert_uint_eq(take(), second);
    ck_assert_uint_eq(take(), 3);
}
END_TEST

START_TEST(a_stack_is_as_large_as_asked_and_writable)
{
    take();
    char *low = low_of(0);
    ck_assert_uint_eq(stacks.stack_size, FAN_STACKS_DEFAULT_SIZE);
    memset(low, 1, stacks.stack_size);
    ck_assert_int_eq(low[stacks.stack_size - 1], 1);
}
END_TEST

START_TEST(a_size_is_rounded_up_to_pages)
{
    struct fan_stacks odd;
    ck_assert_int_eq(fan_stacks_init(&odd, 0, 10001, 2), 0);
    ck_assert_uint_eq(odd.stack_size, fan_region_round(10001));
    ck_assert_uint_ge(odd.stack_size, 10001);
    fan_stacks_destroy(&odd);
}
END_TEST

START_TEST(sizes_beyond_reason_are_refused)
{
    struct fan_stacks bad;
    ck_assert_int_eq(fan_stacks_init(&bad, 0, 0, 0), EINVAL);
    ck_assert_int_eq(fan_stacks_init(&bad, 0, SIZE_MAX / 2, 1), EINVAL);
    ck_assert_int_eq(fan_stacks_init(&bad, 0, 0, UINT32_MAX), EINVAL);
}
END_TEST

#if !FAN_UNDER_TSAN
START_TEST(a_pool_lies_where_it_is_wanted)
{
    ck_assert_uint_eq((uintptr_t)stacks.region, FAN_REGION_STACKS);
}
END_TEST
#endif

START_TEST(a_pool_that_finds_its_place_taken_lies_elsewhere)
{
    struct fan_stacks second;
    ck_assert_int_eq(fan_stacks_init(&second, (uintptr_t)stacks.region, 0, 1), 0);
    ck_assert_ptr_ne(second.region, stacks.region);
    fan_stacks_destroy(&second);
}
END_TEST

/* ---- as new after a reset */

static void assert_zero(uint32_t index)
{
    const char *low = low_of(index);
    size_t at = 0;
    while (at < stacks.stack_size && low[at] == 0)
        at++;
    ck_assert_msg(at == stacks.stack_size, "byte %zu of stack %u is not 0", at, index);
}

START_TEST(after_a_reset_the_order_begins_anew)
{
    uint32_t first = take(), second = take();
    fan_stacks_put(&stacks, first);
    fan_stacks_put(&stacks, second);
    fan_stacks_reset(&stacks);
    for (uint32_t i = 0; i < COUNT; i++)
        ck_assert_uint_eq(take(), i);
}
END_TEST

/* Far ends, near ends, and both with nothing in between. */
START_TEST(after_a_reset_all_that_was_written_is_zero)
{
    size_t size = stacks.stack_size;
    for (int run = 0; run < 20; run++) {
        uint32_t a = take(), b = take(), c = take();
        low_of(a)[size - 1] = 1;
        low_of(b)[0] = 1;
        low_of(c)[size - 20000] = 1;
        low_of(c)[size - 1000 * (size_t)run - 1] = 1;
        fan_stacks_reset(&stacks);
        assert_zero(a);
        assert_zero(b);
        assert_zero(c);
    }
}
END_TEST

START_TEST(a_later_run_may_write_deeper)
{
    for (size_t depth = 1; depth < stacks.stack_size; depth += 7000) {
        uint32_t index = take();
        low_of(index)[stacks.stack_size - depth] = 1;
        fan_stacks_reset(&stacks);
        assert_zero(index);
    }
}
END_TEST

/* Untouched pages cost nothing: only the one written to is ever cleared. */
START_TEST(a_reset_clears_no_more_than_was_written)
{
    uint32_t index = take();
    low_of(index)[stacks.stack_size - 1] = 1;
    fan_stacks_reset(&stacks);
    ck_assert_uint_eq(stacks.written_pages[index], 1);
    take();
    fan_stacks_reset(&stacks);
    ck_assert_uint_eq(stacks.written_pages[index], 1);
}
END_TEST

static struct fan_fiber home, fiber;

static void leave_something_behind(void *argument)
{
    volatile char rubbish[3000];
    memset((char *)rubbish, *(int *)argument, sizeof rubbish);
    fan_fiber_switch(&fiber, &home);
}

/* The fiber is abandoned in the middle, as one that is stuck for ever. */
START_TEST(stacks_of_abandoned_fibers_are_used_again)
{
    int rubbish = 7;
    fan_fiber_adopt(&home);
    for (int run = 0; run < 100; run++) {
        uint32_t index = take();
        fan_fiber_init(&fiber, low_of(index), stacks.stack_size, leave_something_behind, &rubbish);
        fan_fiber_switch(&home, &fiber);
        fan_fiber_destroy(&fiber);
        fan_stacks_reset(&stacks);
        assert_zero(index);
    }
}
END_TEST

/* ---- overflow */

START_TEST(the_owner_of_a_fault_is_the_stack_above_the_guard)
{
    uint32_t owner = 99;
    take();
    take();
    ck_assert(fan_stacks_owner(&stacks, (uintptr_t)low_of(1) - 1, &owner));
    ck_assert_uint_eq(owner, 1);
    ck_assert(fan_stacks_owner(&stacks, (uintptr_t)low_of(0) - FAN_STACKS_GUARD, &owner));
    ck_assert_uint_eq(owner, 0);
}
END_TEST

START_TEST(a_fault_elsewhere_is_no_overflow)
{
    uint32_t owner = 99;
    take();
    ck_assert(!fan_stacks_owner(&stacks, (uintptr_t)low_of(0), &owner));
    ck_assert(!fan_stacks_owner(&stacks, (uintptr_t)stacks.region - 1, &owner));
    ck_assert(!fan_stacks_owner(&stacks, (uintptr_t)low_of(1) - 1, &owner));
    ck_assert(!fan_stacks_owner(&stacks, 0, &owner));
    ck_assert_uint_eq(owner, 99);
}
END_TEST

__attribute__((noinline)) static int recurse(volatile int *depth)
{
    volatile char frame[200];
    frame[0] = (char)++*depth;
    return *depth > 0 ? recurse(depth) + frame[0] : 0;
}

static void recurse_for_ever(void *argument)
{
    (void)argument;
    volatile int depth = 0;
    recurse(&depth);
}

enum { RIGHT_OWNER = 41, WRONG_OWNER = 42 };

static void name_the_owner(int signal, siginfo_t *info, void *context)
{
    uint32_t owner;
    (void)signal, (void)context;
    bool found = fan_stacks_owner(&stacks, (uintptr_t)info->si_addr, &owner);
    _exit(found && owner == 2 ? RIGHT_OWNER : WRONG_OWNER);
}

static void handle_faults(void)
{
    static char own_stack[1 << 16];
    stack_t stack = {.ss_sp = own_stack, .ss_size = sizeof own_stack};
    struct sigaction action = {.sa_sigaction = name_the_owner, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaltstack(&stack, NULL);
    sigaction(SIGSEGV, &action, NULL);
}

static void overflow_the_third_stack(void)
{
    take();
    take();
    fan_fiber_adopt(&home);
    fan_fiber_init(&fiber, low_of(take()), stacks.stack_size, recurse_for_ever, NULL);
    fan_fiber_switch(&home, &fiber);
}

START_TEST(an_overflow_is_a_fault_whose_owner_is_known)
{
    handle_faults();
    overflow_the_third_stack();
}
END_TEST

START_TEST(an_overflow_with_no_handler_ends_the_program)
{
    signal(SIGSEGV, SIG_DFL);
    overflow_the_third_stack();
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("stacks");
    tcase_add_checked_fixture(cases, make_a_pool, destroy_the_pool);
    tcase_add_test(cases, a_pool_hands_out_every_stack_once);
    tcase_add_test(cases, a_stack_put_back_is_the_next);
    tcase_add_test(cases, a_stack_is_as_large_as_asked_and_writable);
    tcase_add_test(cases, a_size_is_rounded_up_to_pages);
    tcase_add_test(cases, sizes_beyond_reason_are_refused);
#if !FAN_UNDER_TSAN
    tcase_add_test(cases, a_pool_lies_where_it_is_wanted);
#endif
    tcase_add_test(cases, a_pool_that_finds_its_place_taken_lies_elsewhere);
    tcase_add_test(cases, after_a_reset_the_order_begins_anew);
    tcase_add_test(cases, after_a_reset_all_that_was_written_is_zero);
    tcase_add_test(cases, a_later_run_may_write_deeper);
    tcase_add_test(cases, a_reset_clears_no_more_than_was_written);
    tcase_add_test(cases, stacks_of_abandoned_fibers_are_used_again);
    tcase_add_test(cases, the_owner_of_a_fault_is_the_stack_above_the_guard);
    tcase_add_test(cases, a_fault_elsewhere_is_no_overflow);
    tcase_add_exit_test(cases, an_overflow_is_a_fault_whose_owner_is_known, RIGHT_OWNER);
    tcase_add_test_raise_signal(cases, an_overflow_with_no_handler_ends_the_program, SIGSEGV);
    return suite_run("stacks", cases);
}
