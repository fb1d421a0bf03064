#include "sync/waitgroup.h"

#include <errno.h>
#include <stdlib.h>

#include "run/thread.h"
#include "run/time.h"
#include "tests/support/suite.h"
#include "tests/support/watch.h"

static struct fan_waitgroup group = {.name = "workers"};
static struct fan_ctx ctx;
static int done_before;

static void set_up(void)
{
    watch_begin();
    fan_ctx_init(&ctx, NULL);
}

static void wait_for_zero(void *error)
{
    *(int *)error = fan_waitgroup_wait(&group, &ctx);
}

START_TEST(an_unused_group_has_nothing_to_wait_for)
{
    ck_assert_int_eq(fan_waitgroup_wait(&group, NULL), 0);
}
END_TEST

START_TEST(a_wait_ends_with_the_last_done)
{
    int error = -1;
    fan_waitgroup_add(&group, 2);
    struct fan_thread *thread = watch_spawn("waiter", wait_for_zero, &error);
    watch_until_blocked("waiter", FAN_OP_GROUP_WAIT);
    fan_waitgroup_done(&group);
    watch_until_blocked("waiter", FAN_OP_GROUP_WAIT);
    fan_waitgroup_done(&group);
    fan_thread_join(thread);
    ck_assert_int_eq(error, 0);
}
END_TEST

START_TEST(all_who_wait_are_released)
{
    int errors[4] = {-1, -1, -1, -1};
    struct fan_thread *threads[4];
    fan_waitgroup_add(&group, 1);
    for (int i = 0; i < 4; i++)
        threads[i] = watch_spawn("waiter", wait_for_zero, &errors[i]);
    watch_until_so_many_blocked(4, FAN_OP_GROUP_WAIT);
    fan_waitgroup_add(&group, -1);
    for (int i = 0; i < 4; i++)
        fan_thread_join(threads[i]);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(errors[i], 0);
}
END_TEST

/* The next round must not catch a waiter of the last one that has not run yet. */
START_TEST(an_add_right_after_zero_begins_a_new_round)
{
    int error = -1;
    fan_waitgroup_add(&group, 1);
    struct fan_thread *thread = watch_spawn("waiter", wait_for_zero, &error);
    watch_until_blocked("waiter", FAN_OP_GROUP_WAIT);
    fan_waitgroup_done(&group);
    fan_waitgroup_add(&group, 1);
    fan_thread_join(thread);
    ck_assert_int_eq(error, 0);
    ck_assert_int_eq(group.count, 1);
}
END_TEST

static void be_done(void *unused)
{
    (void)unused;
    fan_waitgroup_done(&group);
}

static void take_two(void *unused)
{
    (void)unused;
    fan_waitgroup_add(&group, -2);
}

START_TEST(a_negative_count_panics_and_changes_nothing)
{
    const struct fan_panic *panic = suite_panic_of(be_done, NULL);
    ck_assert_str_eq(panic->message, "negative count of a wait group: workers");
    fan_waitgroup_add(&group, 1);
    ck_assert_str_eq(suite_panic_of(take_two, NULL)->message,
                     "negative count of a wait group: workers");
    ck_assert_uint_ne(suite_panic_of(take_two, NULL)->object, 0);
    ck_assert_int_eq(group.count, 1);
    fan_waitgroup_done(&group);
    ck_assert_int_eq(fan_waitgroup_wait(&group, NULL), 0);
}
END_TEST

static void add_the_most(void *unused)
{
    (void)unused;
    fan_waitgroup_add(&group, INT64_MAX);
}

START_TEST(an_overflow_panics)
{
    fan_waitgroup_add(&group, 1);
    ck_assert_str_eq(suite_panic_of(add_the_most, NULL)->message,
                     "overflow of a wait group: workers");
}
END_TEST

START_TEST(a_cancel_ends_a_wait)
{
    int error = -1;
    fan_waitgroup_add(&group, 1);
    struct fan_thread *thread = watch_spawn("waiter", wait_for_zero, &error);
    watch_until_blocked("waiter", FAN_OP_GROUP_WAIT);
    fan_ctx_cancel(&ctx, 0);
    fan_thread_join(thread);
    ck_assert_int_eq(error, ECANCELED);
    fan_waitgroup_done(&group);
    fan_waitgroup_destroy(&group);
}
END_TEST

START_TEST(a_deadline_ends_a_wait)
{
    struct fan_ctx brief;
    struct fan_ctx_options options = {.deadline_ns = fan_deadline_after(FAN_MILLISECOND)};
    fan_ctx_init(&brief, &options);
    fan_waitgroup_add(&group, 1);
    ck_assert_int_eq(fan_waitgroup_wait(&group, &brief), ETIMEDOUT);
}
END_TEST

START_TEST(a_done_context_wins_over_a_count_of_zero)
{
    fan_ctx_cancel(&ctx, 0);
    ck_assert_int_eq(fan_waitgroup_wait(&group, &ctx), ECANCELED);
}
END_TEST

static void destroy(void *unused)
{
    (void)unused;
    fan_waitgroup_destroy(&group);
}

START_TEST(destroying_a_group_in_use_panics)
{
    fan_waitgroup_add(&group, 1);
    ck_assert_str_eq(suite_panic_of(destroy, NULL)->message,
                     "destroy of a wait group that is in use: workers");
    fan_waitgroup_done(&group);
    fan_waitgroup_destroy(&group);
}
END_TEST

START_TEST(a_group_shows_what_went_in_and_out_and_who_waits)
{
    int error = -1;
    struct fan_probe_object seen;
    fan_waitgroup_add(&group, 3);
    fan_waitgroup_done(&group);
    struct fan_thread *thread = watch_spawn("waiter", wait_for_zero, &error);
    watch_until_blocked("waiter", FAN_OP_GROUP_WAIT);
    ck_assert(watch_object("workers", &seen));
    ck_assert_uint_eq(seen.kind, FAN_KIND_WAIT_GROUP);
    ck_assert_uint_eq(seen.put, 3);
    ck_assert_uint_eq(seen.taken, 1);
    ck_assert_uint_eq(seen.waiting_take, 1);
    ck_assert_uint_eq(seen.put_users[0], 1);
    ck_assert_uint_eq(seen.take_users[0], 1);
    fan_waitgroup_add(&group, -2);
    fan_thread_join(thread);
    ck_assert(watch_object("workers", &seen));
    ck_assert_uint_eq(seen.taken, 3);
    ck_assert_uint_eq(seen.waiting_take, 0);
}
END_TEST

struct round {
    struct fan_waitgroup group;
    int results[4];
};

struct task {
    struct round *round;
    int number;
};

static void work(void *argument)
{
    struct task *task = argument;
    struct fan_waitgroup *own_group = &task->round->group;
    task->round->results[task->number] = 1;
    fan_waitgroup_done(own_group);
}

/* Wait, then forget the group at once: the last done must not touch it any more. AddressSanitizer
 * sees to that here. */
START_TEST(a_group_may_be_gone_right_after_the_wait)
{
    for (int i = 0; i < 300; i++) {
        struct round *round = calloc(1, sizeof *round);
        struct task tasks[4];
        fan_waitgroup_add(&round->group, 4);
        for (int n = 0; n < 4; n++) {
            tasks[n] = (struct task){round, n};
            fan_go("worker", work, &tasks[n]);
        }
        ck_assert_int_eq(fan_waitgroup_wait(&round->group, NULL), 0);
        for (int n = 0; n < 4; n++)
            done_before += round->results[n];
        free(round);
    }
    ck_assert_int_eq(done_before, 4 * 300);
    fan_thread_wait_all();
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("wait group");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_test(cases, an_unused_group_has_nothing_to_wait_for);
    tcase_add_test(cases, a_wait_ends_with_the_last_done);
    tcase_add_test(cases, all_who_wait_are_released);
    tcase_add_test(cases, an_add_right_after_zero_begins_a_new_round);
    tcase_add_test(cases, a_negative_count_panics_and_changes_nothing);
    tcase_add_test(cases, an_overflow_panics);
    tcase_add_test(cases, a_cancel_ends_a_wait);
    tcase_add_test(cases, a_deadline_ends_a_wait);
    tcase_add_test(cases, a_done_context_wins_over_a_count_of_zero);
    tcase_add_test(cases, destroying_a_group_in_use_panics);
    tcase_add_test(cases, a_group_shows_what_went_in_and_out_and_who_waits);
    tcase_add_test(cases, a_group_may_be_gone_right_after_the_wait);
    return suite_run("wait group", cases);
}
