#include "flow/ways.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/panic.h"
#include "run/atomic.h"
#include "run/thread.h"
#include "sync/chan.h"
#include "tests/support/suite.h"

enum { COUNT = 60, LIMIT = 3 };

static int (*const ways[])(struct fan_ctx *, const void *, size_t, const struct fan_work *, void *,
                           int) = {fan_ways_channels, fan_ways_group, fan_ways_semaphore};
enum { WAYS = sizeof ways / sizeof ways[0] };

static int tasks[COUNT], results[COUNT], failing;
static unsigned running, most, ran;
static struct fan_chan *hold;
static struct fan_ctx ctx;

static void set_up(void)
{
    for (int i = 0; i < COUNT; i++)
        tasks[i] = i;
    memset(results, 0, sizeof results);
    failing = -1;
    running = most = ran = 0;
    hold = fan_chan_new("hold", 1, 0);
    fan_ctx_init(&ctx, NULL);
}

static void tear_down(void)
{
    fan_thread_wait_all();
    fan_ctx_destroy(&ctx);
    fan_chan_free(hold);
}

static void enter(void)
{
    unsigned now = fan_atomic_fetch_add(&running, 1, FAN_RELAXED) + 1;
    unsigned seen = fan_atomic_load(&most, FAN_RELAXED);
    while (now > seen && !fan_atomic_compare_exchange(&most, &seen, now, FAN_RELAXED, FAN_RELAXED))
        continue;
    fan_atomic_fetch_add(&ran, 1, FAN_RELAXED);
}

static int triple(void *unused, struct fan_ctx *of_task, const void *task, void *result)
{
    int number, error = 0;
    (void)unused;
    memcpy(&number, task, sizeof number);
    enter();
    if (number == failing)
        error = ERANGE;
    else if (failing >= 0 && number > failing)
        error = fan_chan_recv(hold, NULL, of_task);
    number *= 3;
    memcpy(result, &number, sizeof number);
    fan_atomic_fetch_sub(&running, 1, FAN_RELAXED);
    return error;
}

static int wait_or_panic(void *unused, struct fan_ctx *of_task, const void *task, void *result)
{
    int number;
    (void)unused, (void)result;
    memcpy(&number, task, sizeof number);
    if (number == 1)
        fan_panic("task 1");
    return fan_chan_recv(hold, NULL, of_task);
}

static void wait_held(void *unused)
{
    (void)unused;
    fan_chan_recv(hold, NULL, NULL);
}

static int run(int way, int (*function)(void *, struct fan_ctx *, const void *, void *), int limit)
{
    return ways[way](
        &ctx, tasks, COUNT,
        &(struct fan_work){.run = function, .task_size = sizeof(int), .result_size = sizeof(int)},
        results, limit);
}

START_TEST(each_result_is_at_its_tasks_place)
{
    ck_assert_int_eq(run(_i, triple, LIMIT), 0);
    for (int i = 0; i < COUNT; i++)
        ASSERT_OFTEN(results[i] == 3 * i);
    ck_assert_uint_eq(ran, COUNT);
    ck_assert_uint_le(most, LIMIT);
}
END_TEST

START_TEST(the_first_failure_ends_the_call_and_is_returned)
{
    failing = 7;
    ck_assert_int_eq(run(_i, triple, LIMIT), ERANGE);
    ck_assert_uint_le(ran, 8 + LIMIT);
}
END_TEST

START_TEST(a_failure_reaches_those_that_wait)
{
    ck_assert_int_eq(run(_i, wait_or_panic, LIMIT), ENOTRECOVERABLE);
}
END_TEST

START_TEST(nothing_is_begun_once_the_context_is_done)
{
    fan_ctx_cancel(&ctx, 0);
    ck_assert_int_eq(run(_i, wait_or_panic, LIMIT), ECANCELED);
}
END_TEST

START_TEST(no_tasks_are_done_at_once)
{
    struct fan_work work = {.run = triple};
    ck_assert_int_eq(ways[_i](NULL, NULL, 0, &work, NULL, LIMIT), 0);
}
END_TEST

START_TEST(a_limit_below_one_is_refused)
{
    ck_assert_int_eq(run(_i, triple, 0), EINVAL);
    ck_assert_int_eq(run(_i, triple, -1), EINVAL);
    ck_assert_uint_eq(ran, 0);
}
END_TEST

START_TEST(work_without_a_function_is_refused)
{
    ck_assert_int_eq(run(_i, NULL, LIMIT), EINVAL);
    ck_assert_int_eq(ways[_i](NULL, NULL, 0, NULL, NULL, LIMIT), EINVAL);
}
END_TEST

START_TEST(without_a_thread_nothing_is_begun)
{
    struct fan_thread *other;
    ck_assert_int_eq(fan_thread_spawn(NULL, wait_held, NULL, &other), 0);
    fan_thread_set_budget(1);
    ck_assert_int_eq(run(_i, triple, LIMIT), EAGAIN);
    fan_thread_set_budget(0);
    fan_chan_close(hold);
    fan_thread_join(other);
    ck_assert_uint_eq(ran, 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("ways");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, each_result_is_at_its_tasks_place, 0, WAYS);
    tcase_add_loop_test(cases, the_first_failure_ends_the_call_and_is_returned, 0, WAYS);
    tcase_add_loop_test(cases, a_failure_reaches_those_that_wait, 0, WAYS);
    tcase_add_loop_test(cases, nothing_is_begun_once_the_context_is_done, 0, WAYS);
    tcase_add_loop_test(cases, no_tasks_are_done_at_once, 0, WAYS);
    tcase_add_loop_test(cases, a_limit_below_one_is_refused, 0, WAYS);
    tcase_add_loop_test(cases, work_without_a_function_is_refused, 0, WAYS);
    tcase_add_loop_test(cases, without_a_thread_nothing_is_begun, 0, WAYS);
    return suite_run("ways", cases);
}
