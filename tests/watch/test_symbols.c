/* Addresses of this very program, turned into places. */
#define _GNU_SOURCE
#include "watch/symbols.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/mutex.h"
#include "run/thread.h"
#include "tests/support/suite.h"

extern const char __executable_start; /* the linker's name for where it put the first byte */

static struct fan_symbols *symbols;
static uint64_t base;
static char copy[] = "/tmp/fan-symbols-XXXXXX";

static void set_up(void)
{
    base = (uintptr_t)&__executable_start;
    ck_assert_int_eq(fan_symbols_open("/proc/self/exe", &symbols), 0);
    fan_thread_self(); /* learns the bounds of its stack */
}

static void tear_down(void)
{
    fan_symbols_close(symbols);
}

static const struct fan_place *find(uintptr_t return_address)
{
    return fan_symbols_find(symbols, base, return_address);
}

/* What a frame holds is the address behind the call. */
static uintptr_t behind(uintptr_t function)
{
    return function + 1;
}

static struct fan_stack stack;
static int line_of_capture, line_of_call;

static __attribute__((noinline)) void takes_the_stack(void)
{
    fan_stack_capture(&stack, 0);
    line_of_capture = __LINE__ - 1;
}

static inline __attribute__((always_inline)) void is_inlined(void)
{
    takes_the_stack();
    line_of_call = __LINE__ - 1;
}

static __attribute__((noinline)) void surrounds(void)
{
    is_inlined();
    line_of_capture += 0; /* keeps the call from being the last */
}

START_TEST(static_and_inlined_functions_are_named)
{
    surrounds();
    ck_assert_uint_ge(stack.depth, 3);
    const struct fan_place *taker = find(stack.frames[0]), *caller = find(stack.frames[1]);
    ck_assert_str_eq(taker->function, "takes_the_stack");
    ck_assert_str_eq(taker->file, "tests/watch/test_symbols.c");
    ck_assert_int_eq(taker->line, line_of_capture);
    ck_assert(!taker->library);
    ck_assert_str_eq(caller->function, "is_inlined");
    ck_assert_int_eq(caller->line, line_of_call);
}
END_TEST

START_TEST(the_library_knows_itself)
{
    const struct fan_place *place = find(behind((uintptr_t)fan_mutex_lock));
    ck_assert_str_eq(place->function, "fan_mutex_lock");
    ck_assert_str_eq(place->file, "core/run/mutex.c");
    ck_assert(place->library);
}
END_TEST

START_TEST(the_own_frame_is_the_first_outside_the_library)
{
    struct fan_stack blocked = {3,
                                {behind((uintptr_t)fan_mutex_lock), behind((uintptr_t)surrounds),
                                 behind((uintptr_t)set_up)}};
    ck_assert_uint_eq(fan_symbols_own_frame(symbols, base, &blocked), 1);
    blocked.depth = 1;
    ck_assert_uint_eq(fan_symbols_own_frame(symbols, base, &blocked), 1);
    blocked.depth = 0;
    ck_assert_uint_eq(fan_symbols_own_frame(symbols, base, &blocked), 0);
}
END_TEST

START_TEST(an_address_of_elsewhere_is_unknown)
{
    static const uintptr_t elsewhere[] = {0, 1, UINTPTR_MAX, 0x7fffffffffff};
    const struct fan_place *place = find(elsewhere[_i]);
    ck_assert_str_eq(place->function, "?");
    ck_assert_str_eq(place->file, "");
    ck_assert_int_eq(place->line, 0);
}
END_TEST

START_TEST(the_second_answer_is_the_first)
{
    const struct fan_place *first = find(behind((uintptr_t)surrounds));
    for (uintptr_t other = 0; other < 2000; other++)
        find(behind((uintptr_t)surrounds) + other);
    ck_assert_ptr_eq(first, find(behind((uintptr_t)surrounds)));
}
END_TEST

START_TEST(what_is_no_executable_is_refused)
{
    struct fan_symbols *none;
    ck_assert_int_eq(fan_symbols_open("/nowhere/at/all", &none), ENOENT);
    ck_assert_int_eq(fan_symbols_open("/proc/self/cmdline", &none), EINVAL);
    ck_assert_int_eq(fan_symbols_open("/dev/null", &none), EINVAL);
    ck_assert_int_eq(fan_symbols_open("/", &none), EINVAL);
}
END_TEST

/* ---- damaged and stripped copies ---- */

static void copy_executable(void)
{
    char command[128];
    close(mkstemp(copy));
    snprintf(command, sizeof command, "cp /proc/%d/exe %s", (int)getpid(), copy);
    ck_assert_int_eq(system(command), 0);
    fan_symbols_close(symbols);
    symbols = NULL;
}

static void strip_copy(const char *how)
{
    char command[128];
    copy_executable();
    snprintf(command, sizeof command, "strip %s %s", how, copy);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(fan_symbols_open(copy, &symbols), 0);
    unlink(copy);
}

START_TEST(without_debug_information_functions_are_named)
{
    strip_copy("--strip-debug");
    const struct fan_place *place = find(behind((uintptr_t)takes_the_stack));
    ck_assert_str_eq(place->function, "takes_the_stack");
    ck_assert_int_eq(place->line, 0);
}
END_TEST

START_TEST(without_any_symbol_nothing_is_named)
{
    strip_copy("--strip-all");
    ck_assert_str_eq(find(behind((uintptr_t)takes_the_stack))->function, "?");
}
END_TEST

START_TEST(the_executable_may_go_away_once_it_is_open)
{
    copy_executable();
    ck_assert_int_eq(fan_symbols_open(copy, &symbols), 0);
    ck_assert_int_eq(truncate(copy, 100), 0);
    ck_assert_str_eq(find(behind((uintptr_t)surrounds))->function, "surrounds");
    unlink(copy);
}
END_TEST

START_TEST(an_executable_cut_short_does_no_harm)
{
    struct stat status;
    copy_executable();
    ck_assert_int_eq(stat(copy, &status), 0);
    for (int part = 15; part > 0; part--) {
        ck_assert_int_eq(truncate(copy, status.st_size * part / 16), 0);
        if (fan_symbols_open(copy, &symbols) == 0) {
            find(behind((uintptr_t)surrounds));
            find(behind((uintptr_t)fan_mutex_lock));
        }
        fan_symbols_close(symbols);
        symbols = NULL;
    }
    unlink(copy);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("symbols");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 20);
    tcase_add_test(cases, static_and_inlined_functions_are_named);
    tcase_add_test(cases, the_library_knows_itself);
    tcase_add_test(cases, the_own_frame_is_the_first_outside_the_library);
    tcase_add_loop_test(cases, an_address_of_elsewhere_is_unknown, 0, 4);
    tcase_add_test(cases, the_second_answer_is_the_first);
    tcase_add_test(cases, what_is_no_executable_is_refused);
    tcase_add_test(cases, without_debug_information_functions_are_named);
    tcase_add_test(cases, without_any_symbol_nothing_is_named);
    tcase_add_test(cases, the_executable_may_go_away_once_it_is_open);
    tcase_add_test(cases, an_executable_cut_short_does_no_harm);
    return suite_run("symbols", cases);
}
