#include "flow/group.h"

#include <errno.h>

#include "run/atomic.h"
#include "run/thread.h"
#include "sync/chan.h"
#include "tests/support/suite.h"

enum { TASKS = 40, LIMIT = 3 };

static struct fan_group group;
static struct fan_chan *hold;
static unsigned running, most, ran;

static void set_up(void)
{
    hold = fan_chan_new("hold", 1, 0);
    running = most = ran = 0;
}

static void tear_down(void)
{
    fan_thread_wait_all();
    fan_chan_free(hold);
}

static void begin(struct fan_group_options options)
{
    ck_assert_int_eq(fan_group_init(&group, &options), 0);
}

static int count(void *unused, struct fan_ctx *ctx)
{
    (void)unused, (void)ctx;
    unsigned now = fan_atomic_fetch_add(&running, 1, FAN_RELAXED) + 1;
    unsigned seen = fan_atomic_load(&most, FAN_RELAXED);
    while (now > seen && !fan_atomic_compare_exchange(&most, &seen, now, FAN_RELAXED, FAN_RELAXED))
        continue;
    fan_atomic_fetch_add(&ran, 1, FAN_RELAXED);
    fan_atomic_fetch_sub(&running, 1, FAN_RELAXED);
    return 0;
}

static int wait_held(void *unused, struct fan_ctx *ctx)
{
    (void)unused;
    int error = fan_chan_recv(hold, NULL, ctx);
    return error == EPIPE ? 0 : error;
}

static int fail_with(void *error, struct fan_ctx *ctx)
{
    (void)ctx;
    return *(int *)error;
}

static int panic(void *unused, struct fan_ctx *ctx)
{
    (void)unused, (void)ctx;
    fan_panic("gives up");
}

START_TEST(every_task_runs_and_no_more_at_once_than_the_limit)
{
    begin((struct fan_group_options){.limit = LIMIT});
    for (int i = 0; i < TASKS; i++)
        ck_assert_int_eq(fan_group_go(&group, count, NULL), 0);
    ck_assert_int_eq(fan_group_wait(&group), 0);
    ck_assert_uint_eq(ran, TASKS);
    ck_assert_uint_le(most, LIMIT);
    fan_group_destroy(&group);
}
END_TEST

START_TEST(the_first_failure_cancels_the_others_and_is_returned)
{
    int cause = ERANGE;
    begin((struct fan_group_options){0});
    ck_assert_int_eq(fan_group_go(&group, wait_held, NULL), 0);
    ck_assert_int_eq(fan_group_go(&group, wait_held, NULL), 0);
    ck_assert_int_eq(fan_group_go(&group, fail_with, &cause), 0);
    ck_assert_int_eq(fan_group_wait(&group), ERANGE);
    fan_group_destroy(&group);
}
END_TEST

START_TEST(a_panic_is_a_failure)
{
    begin((struct fan_group_options){0});
    ck_assert_int_eq(fan_group_go(&group, wait_held, NULL), 0);
    ck_assert_int_eq(fan_group_go(&group, panic, NULL), 0);
    ck_assert_int_eq(fan_group_wait(&group), ENOTRECOVERABLE);
    fan_group_destroy(&group);
}
END_TEST

START_TEST(at_the_limit_a_try_is_told_so)
{
    begin((struct fan_group_options){.limit = 1});
    ck_assert_int_eq(fan_group_try_go(&group, wait_held, NULL), 0);
    ck_assert_int_eq(fan_group_try_go(&group, wait_held, NULL), EBUSY);
    fan_chan_close(hold);
    ck_assert_int_eq(fan_group_wait(&group), 0);
    fan_group_destroy(&group);
}
END_TEST

START_TEST(nothing_is_started_once_the_parent_is_done)
{
    struct fan_ctx parent;
    fan_ctx_init(&parent, NULL);
    begin((struct fan_group_options){.parent = &parent, .limit = _i});
    ck_assert_int_eq(fan_group_go(&group, wait_held, NULL), 0);
    fan_ctx_cancel(&parent, 0);
    ck_assert_int_eq(fan_group_go(&group, count, NULL), ECANCELED);
    ck_assert_int_eq(fan_group_try_go(&group, count, NULL), ECANCELED);
    ck_assert_int_eq(fan_group_wait(&group), ECANCELED);
    ck_assert_uint_eq(ran, 0);
    fan_group_destroy(&group);
    fan_ctx_destroy(&parent);
}
END_TEST

START_TEST(what_fails_outside_of_a_task_ends_the_others)
{
    begin((struct fan_group_options){.limit = LIMIT});
    ck_assert_int_eq(fan_group_go(&group, wait_held, NULL), 0);
    fan_group_fail(&group, ENOSPC);
    fan_group_fail(&group, ERANGE);
    ck_assert_int_eq(fan_group_go(&group, count, NULL), ECANCELED);
    ck_assert_int_eq(fan_ctx_cause(&group.ctx), ENOSPC);
    ck_assert_int_eq(fan_group_wait(&group), ENOSPC);
    ck_assert_uint_eq(ran, 0);
    fan_group_destroy(&group);
}
END_TEST

START_TEST(without_a_thread_nothing_is_started)
{
    begin((struct fan_group_options){.limit = LIMIT});
    ck_assert_int_eq(fan_group_go(&group, wait_held, NULL), 0);
    fan_thread_set_budget(1);
    ck_assert_int_eq(fan_group_go(&group, count, NULL), EAGAIN);
    fan_chan_close(hold);
    ck_assert_int_eq(fan_group_wait(&group), 0);
    ck_assert_uint_eq(ran, 0);
    fan_group_destroy(&group);
}
END_TEST

START_TEST(a_negative_limit_is_refused)
{
    ck_assert_int_eq(fan_group_init(&group, &(struct fan_group_options){.limit = -1}), EINVAL);
}
END_TEST

START_TEST(without_options_there_is_no_limit_and_without_a_function_no_task)
{
    ck_assert_int_eq(fan_group_init(&group, NULL), 0);
    ck_assert_int_eq(fan_group_go(&group, NULL, NULL), EINVAL);
    ck_assert_int_eq(fan_group_try_go(&group, NULL, NULL), EINVAL);
    for (int i = 0; i < TASKS; i++)
        ck_assert_int_eq(fan_group_try_go(&group, count, NULL), 0);
    ck_assert_int_eq(fan_group_wait(&group), 0);
    ck_assert_uint_eq(ran, TASKS);
    fan_group_destroy(&group);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("group");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, every_task_runs_and_no_more_at_once_than_the_limit);
    tcase_add_test(cases, the_first_failure_cancels_the_others_and_is_returned);
    tcase_add_test(cases, a_panic_is_a_failure);
    tcase_add_test(cases, at_the_limit_a_try_is_told_so);
    tcase_add_loop_test(cases, nothing_is_started_once_the_parent_is_done, 0, 3);
    tcase_add_test(cases, what_fails_outside_of_a_task_ends_the_others);
    tcase_add_test(cases, without_a_thread_nothing_is_started);
    tcase_add_test(cases, a_negative_limit_is_refused);
    tcase_add_test(cases, without_options_there_is_no_limit_and_without_a_function_no_task);
    return suite_run("group", cases);
}
