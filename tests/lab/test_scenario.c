/* LDFLAGS: -Wl,--wrap=fan_sleep,--wrap=calloc */
/* What a scenario is given: memory, paced work that observers see, and its parameters. */
#include "lab/scenario.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "base/probe.h"
#include "lab/scenario_state.h"
#include "run/thread.h"
#include "sync/timer.h"
#include "tests/support/suite.h"

static uint64_t slept_ns;
static bool calloc_fails;

int __wrap_fan_sleep(uint64_t delay_ns, struct fan_ctx *ctx);
void *__wrap_calloc(size_t count, size_t size);
void *__real_calloc(size_t count, size_t size);

int __wrap_fan_sleep(uint64_t delay_ns, struct fan_ctx *ctx)
{
    (void)ctx;
    slept_ns = delay_ns;
    return 0;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return calloc_fails ? NULL : __real_calloc(count, size);
}

static struct fan_lab lab;

static void set_up(void)
{
    lab = (struct fan_lab){.workers = 4, .items = 20, .seed = 7};
}

static void tear_down(void)
{
    fan_lab_release(&lab);
}

START_TEST(the_parameters_are_those_given)
{
    ck_assert_uint_eq(fan_lab_workers(&lab), 4);
    ck_assert_uint_eq(fan_lab_items(&lab), 20);
    ck_assert_uint_eq(fan_lab_seed(&lab), 7);
}
END_TEST

START_TEST(memory_is_zeroed_aligned_and_apart)
{
    unsigned char *blocks[50];
    for (size_t i = 0; i < 50; i++) {
        blocks[i] = fan_lab_alloc(&lab, i);
        ck_assert_uint_eq((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        for (size_t j = 0; j < i; j++)
            ck_assert_uint_eq(blocks[i][j], 0);
        memset(blocks[i], (int)i, i);
    }
    for (size_t i = 1; i < 50; i++)
        ck_assert(blocks[i][0] == i && blocks[i][i - 1] == i);
}
END_TEST

static void ask_for_too_much(void *nothing)
{
    (void)nothing;
    fan_lab_alloc(&lab, SIZE_MAX - 4);
}

static void ask_for_little(void *nothing)
{
    (void)nothing;
    fan_lab_alloc(&lab, 1);
}

START_TEST(running_out_of_memory_is_a_panic)
{
    struct fan_panic panic;
    ck_assert(!fan_recover(ask_for_too_much, NULL, &panic));
    ck_assert(strstr(panic.message, "out of memory"));
    calloc_fails = true;
    bool returned = fan_recover(ask_for_little, NULL, &panic);
    calloc_fails = false;
    ck_assert(!returned);
    ck_assert_str_eq(panic.message, "out of memory: 1 bytes for the scenario");
}
END_TEST

static void allocate_often(void *nothing)
{
    (void)nothing;
    for (int i = 0; i < 1000; i++)
        *(int *)fan_lab_alloc(&lab, sizeof(int)) = i;
}

/* What the lock is for; a sanitizer sees what goes wrong without. */
START_TEST(threads_may_allocate_at_once)
{
    struct fan_thread *threads[4];
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(fan_thread_spawn(NULL, allocate_often, NULL, &threads[i]), 0);
    for (int i = 0; i < 4; i++)
        fan_thread_join(threads[i]);
}
END_TEST

START_TEST(paced_work_takes_a_quarter_to_seven_quarters_of_the_pace)
{
    uint64_t least = UINT64_MAX, most = 0, first;
    lab.pace_ns = 1000000;
    for (uint64_t item = 0; item < 2000; item++) {
        fan_lab_work(&lab, item);
        ck_assert(slept_ns >= 250000 && slept_ns <= 1750000);
        least = slept_ns < least ? slept_ns : least;
        most = slept_ns > most ? slept_ns : most;
    }
    ck_assert(least < 300000 && most > 1700000);
    fan_lab_work(&lab, 5);
    first = slept_ns;
    fan_lab_work(&lab, 6);
    ck_assert_uint_ne(slept_ns, first);
    fan_lab_work(&lab, 5);
    ck_assert_uint_eq(slept_ns, first);
    lab.seed = 8;
    fan_lab_work(&lab, 5);
    ck_assert_uint_ne(slept_ns, first);
}
END_TEST

START_TEST(unpaced_work_does_not_sleep)
{
    slept_ns = 0;
    fan_lab_work(&lab, 1);
    ck_assert_uint_eq(slept_ns, 0);
}
END_TEST

static struct fan_probe_thread threads[FAN_PROBE_THREADS];
static struct fan_probe_object objects[FAN_PROBE_OBJECTS];
static uint64_t unseen;

START_TEST(work_is_seen_as_tasks)
{
    static const struct fan_probe_tables tables = {.threads = threads,
                                                   .objects = objects,
                                                   .unseen_threads = &unseen,
                                                   .unseen_objects = &unseen};
    fan_probe_install(&tables);
    fan_thread_adopt("main");
    fan_lab_work(&lab, 11);
    fan_lab_work(&lab, 12);
    fan_lab_result(&lab); /* nothing is published, so it counts nowhere */
    ck_assert_uint_eq(threads[0].tasks_begun, 2);
    ck_assert_uint_eq(threads[0].tasks_ended, 2);
    ck_assert_uint_eq(threads[0].task, 12);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("scenario");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_parameters_are_those_given);
    tcase_add_test(tests, memory_is_zeroed_aligned_and_apart);
    tcase_add_test(tests, running_out_of_memory_is_a_panic);
    tcase_add_test(tests, threads_may_allocate_at_once);
    tcase_add_test(tests, paced_work_takes_a_quarter_to_seven_quarters_of_the_pace);
    tcase_add_test(tests, unpaced_work_does_not_sleep);
    tcase_add_test(tests, work_is_seen_as_tasks);
    return suite_run("scenario", tests);
}
