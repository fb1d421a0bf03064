#include "base/stack.h"

#include <string.h>

#include "tests/support/suite.h"

static struct fan_stack stack;
static uintptr_t inner_returns_to, middle_returns_to;

/* A megabyte around here is more than these tests use and less than the thread has. */
static void know_bounds(void)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    fan_stack_set_bounds((struct fan_stack_bounds){here - (1 << 19), here + (1 << 19)});
    memset(&stack, 0, sizeof stack);
}

__attribute__((noinline)) static void inner(unsigned skip)
{
    inner_returns_to = (uintptr_t)__builtin_return_address(0);
    fan_stack_capture(&stack, skip);
}

__attribute__((noinline)) static void middle(unsigned skip)
{
    middle_returns_to = (uintptr_t)__builtin_return_address(0);
    inner(skip);
}

START_TEST(a_stack_lists_its_callers_innermost_first)
{
    middle(0);
    ck_assert_uint_ge(stack.depth, 3);
    ck_assert_uint_ge(stack.frames[0], (uintptr_t)inner);
    ck_assert_uint_lt(stack.frames[0], (uintptr_t)inner + 4096);
    ck_assert_uint_eq(stack.frames[1], inner_returns_to);
    ck_assert_uint_eq(stack.frames[2], middle_returns_to);
}
END_TEST

START_TEST(skip_leaves_out_the_innermost)
{
    middle(2);
    ck_assert_uint_eq(stack.frames[0], middle_returns_to);
}
END_TEST

__attribute__((noinline)) static int recurse(int depth)
{
    int below = depth > 0 ? recurse(depth - 1) : 0;
    if (depth == 0)
        fan_stack_capture(&stack, 0);
    return below + depth;
}

START_TEST(a_deep_stack_is_cut_off)
{
    ck_assert_int_eq(recurse(100), 5050);
    ck_assert_uint_eq(stack.depth, FAN_STACK_FRAMES);
    for (uint32_t i = 0; i < stack.depth; i++)
        ck_assert_uint_ne(stack.frames[i], 0);
}
END_TEST

START_TEST(without_bounds_nothing_is_followed)
{
    fan_stack_set_bounds((struct fan_stack_bounds){0, 0});
    middle(0);
    ck_assert_uint_eq(stack.depth, 0);
}
END_TEST

START_TEST(a_frame_outside_the_stack_ends_the_walk)
{
    fan_stack_capture_from(&stack, 0x1234, 0x10);
    ck_assert_uint_eq(stack.depth, 1);
    ck_assert_uint_eq(stack.frames[0], 0x1234);
}
END_TEST

START_TEST(a_misaligned_frame_ends_the_walk)
{
    fan_stack_capture_from(&stack, 0x1234, (uintptr_t)__builtin_frame_address(0) + 1);
    ck_assert_uint_eq(stack.depth, 1);
}
END_TEST

START_TEST(a_frame_that_leads_back_ends_the_walk)
{
    uintptr_t frames[4] = {0, 0x111, 0, 0x222};
    frames[0] = (uintptr_t)&frames[2];
    frames[2] = (uintptr_t)&frames[0];
    fan_stack_set_bounds((struct fan_stack_bounds){frames[2], frames[2] + sizeof frames});
    fan_stack_capture_from(&stack, 0x1234, (uintptr_t)frames);
    ck_assert_uint_eq(stack.depth, 3);
    ck_assert_uint_eq(stack.frames[1], 0x111);
    ck_assert_uint_eq(stack.frames[2], 0x222);
}
END_TEST

START_TEST(a_frame_at_the_very_end_of_the_stack_is_not_read)
{
    uintptr_t frames[2] = {0, 0x111};
    uintptr_t end = (uintptr_t)(frames + 2);
    fan_stack_set_bounds((struct fan_stack_bounds){end - 64, end});
    fan_stack_capture_from(&stack, 0x1234, (uintptr_t)frames);
    ck_assert_uint_eq(stack.depth, 2);
    fan_stack_capture_from(&stack, 0x1234, (uintptr_t)(frames + 1));
    ck_assert_uint_eq(stack.depth, 1);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("stack");
    tcase_add_checked_fixture(cases, know_bounds, NULL);
    tcase_add_test(cases, a_stack_lists_its_callers_innermost_first);
    tcase_add_test(cases, skip_leaves_out_the_innermost);
    tcase_add_test(cases, a_deep_stack_is_cut_off);
    tcase_add_test(cases, without_bounds_nothing_is_followed);
    tcase_add_test(cases, a_frame_outside_the_stack_ends_the_walk);
    tcase_add_test(cases, a_misaligned_frame_ends_the_walk);
    tcase_add_test(cases, a_frame_that_leads_back_ends_the_walk);
    tcase_add_test(cases, a_frame_at_the_very_end_of_the_stack_is_not_read);
    return suite_run("stack", cases);
}
