#include "sync/ctx.h"

#include <errno.h>

#include "run/backend.h"
#include "run/thread.h"
#include "run/time.h"
#include "sync/timer.h"
#include "tests/support/suite.h"
#include "tests/support/watch.h"

static struct fan_ctx root, child, grandchild;

static void set_up(void)
{
    watch_begin();
    fan_ctx_init(&root, &(struct fan_ctx_options){.name = "root"});
    fan_ctx_init(&child, &(struct fan_ctx_options){.name = "child", .parent = &root});
    fan_ctx_init(&grandchild, &(struct fan_ctx_options){.name = "grandchild", .parent = &child});
}

START_TEST(null_is_never_done)
{
    ck_assert_int_eq(fan_ctx_error(NULL), 0);
    ck_assert_uint_eq(fan_ctx_deadline(NULL), 0);
}
END_TEST

START_TEST(a_new_context_is_not_done)
{
    ck_assert_int_eq(fan_ctx_error(&root), 0);
    ck_assert_int_eq(fan_ctx_cause(&root), 0);
    ck_assert_uint_eq(fan_ctx_deadline(&root), 0);
}
END_TEST

START_TEST(cancelling_reaches_all_below)
{
    fan_ctx_cancel(&root, 0);
    ck_assert_int_eq(fan_ctx_error(&root), ECANCELED);
    ck_assert_int_eq(fan_ctx_error(&child), ECANCELED);
    ck_assert_int_eq(fan_ctx_error(&grandchild), ECANCELED);
}
END_TEST

START_TEST(cancelling_leaves_those_above_alone)
{
    fan_ctx_cancel(&child, 0);
    ck_assert_int_eq(fan_ctx_error(&root), 0);
    ck_assert_int_eq(fan_ctx_error(&child), ECANCELED);
    ck_assert_int_eq(fan_ctx_error(&grandchild), ECANCELED);
}
END_TEST

START_TEST(cancelling_leaves_siblings_alone)
{
    struct fan_ctx sibling;
    fan_ctx_init(&sibling, &(struct fan_ctx_options){.parent = &root});
    fan_ctx_cancel(&child, 0);
    ck_assert_int_eq(fan_ctx_error(&sibling), 0);
    fan_ctx_cancel(&root, 0);
    ck_assert_int_eq(fan_ctx_error(&sibling), ECANCELED);
}
END_TEST

START_TEST(the_cause_goes_down_the_tree)
{
    fan_ctx_cancel(&root, EIO);
    ck_assert_int_eq(fan_ctx_cause(&root), EIO);
    ck_assert_int_eq(fan_ctx_cause(&grandchild), EIO);
    ck_assert_int_eq(fan_ctx_error(&grandchild), ECANCELED);
}
END_TEST

START_TEST(a_cancel_without_a_cause_is_its_own)
{
    fan_ctx_cancel(&root, 0);
    ck_assert_int_eq(fan_ctx_cause(&root), ECANCELED);
}
END_TEST

START_TEST(only_the_first_cancel_counts)
{
    fan_ctx_cancel(&child, EIO);
    fan_ctx_cancel(&child, ENOSPC);
    fan_ctx_cancel(&root, EPERM);
    ck_assert_int_eq(fan_ctx_cause(&child), EIO);
    ck_assert_int_eq(fan_ctx_cause(&grandchild), EIO);
    ck_assert_int_eq(fan_ctx_cause(&root), EPERM);
}
END_TEST

START_TEST(below_a_done_context_a_new_one_is_done)
{
    struct fan_ctx late;
    fan_ctx_cancel(&root, EIO);
    fan_ctx_init(&late, &(struct fan_ctx_options){.parent = &root});
    ck_assert_int_eq(fan_ctx_error(&late), ECANCELED);
    ck_assert_int_eq(fan_ctx_cause(&late), EIO);
    fan_ctx_destroy(&late);
}
END_TEST

START_TEST(a_passed_deadline_is_a_time_out)
{
    struct fan_ctx late;
    fan_ctx_init(&late, &(struct fan_ctx_options){.parent = &root, .deadline_ns = fan_now_ns()});
    ck_assert_int_eq(fan_ctx_error(&late), ETIMEDOUT);
    ck_assert_int_eq(fan_ctx_cause(&late), ETIMEDOUT);
    ck_assert_int_eq(fan_ctx_error(&root), 0);
    fan_ctx_cancel(&late, EIO);
    ck_assert_int_eq(fan_ctx_cause(&late), ETIMEDOUT);
    fan_ctx_destroy(&late);
}
END_TEST

START_TEST(a_deadline_that_is_still_to_come_does_nothing)
{
    struct fan_ctx early;
    uint64_t deadline_ns = fan_deadline_after(3600 * FAN_SECOND);
    fan_ctx_init(&early, &(struct fan_ctx_options){.deadline_ns = deadline_ns});
    ck_assert_int_eq(fan_ctx_error(&early), 0);
    ck_assert_uint_eq(fan_ctx_deadline(&early), deadline_ns);
    fan_ctx_cancel(&early, EIO);
    ck_assert_int_eq(fan_ctx_error(&early), ECANCELED);
    fan_ctx_destroy(&early);
}
END_TEST

static uint64_t deadline_below(uint64_t above_ns, uint64_t own_ns)
{
    struct fan_ctx above, below;
    fan_ctx_init(&above, &(struct fan_ctx_options){.deadline_ns = above_ns});
    fan_ctx_init(&below, &(struct fan_ctx_options){.parent = &above, .deadline_ns = own_ns});
    uint64_t deadline_ns = fan_ctx_deadline(&below);
    fan_ctx_destroy(&below);
    fan_ctx_destroy(&above);
    return deadline_ns;
}

START_TEST(the_earliest_deadline_counts)
{
    ck_assert_uint_eq(deadline_below(0, 0), 0);
    ck_assert_uint_eq(deadline_below(100, 0), 100);
    ck_assert_uint_eq(deadline_below(0, 200), 200);
    ck_assert_uint_eq(deadline_below(100, 200), 100);
    ck_assert_uint_eq(deadline_below(300, 200), 200);
}
END_TEST

static void sleep_with(void *ctx)
{
    ck_assert_int_eq(fan_sleep(UINT64_MAX, ctx), ECANCELED);
}

START_TEST(cancelling_wakes_all_that_wait_anywhere_below)
{
    struct fan_thread *threads[] = {watch_spawn("sleeper", sleep_with, &root),
                                    watch_spawn("sleeper", sleep_with, &child),
                                    watch_spawn("sleeper", sleep_with, &grandchild),
                                    watch_spawn("sleeper", sleep_with, &grandchild)};
    watch_until_so_many_blocked(4, FAN_OP_SLEEP);
    fan_ctx_cancel(&root, 0);
    for (int i = 0; i < 4; i++)
        fan_thread_join(threads[i]);
}
END_TEST

START_TEST(cancelling_leaves_those_asleep_who_wait_above)
{
    struct fan_thread *above = watch_spawn("above", sleep_with, &root);
    struct fan_thread *below = watch_spawn("below", sleep_with, &grandchild);
    watch_until_so_many_blocked(2, FAN_OP_SLEEP);
    fan_ctx_cancel(&child, 0);
    fan_thread_join(below);
    watch_until_blocked("above", FAN_OP_SLEEP);
    fan_ctx_cancel(&root, 0);
    fan_thread_join(above);
}
END_TEST

enum { RACES = 20000 };

static struct fan_ctx raced[RACES];
static int at; /* atomic: the race that the sleeper begins */

static void sleep_in_races(void *unused)
{
    (void)unused;
    for (int i = 0; i < RACES; i++) {
        __atomic_store_n(&at, i, __ATOMIC_RELEASE);
        for (volatile int delay = i % 500; delay > 0; delay--)
            ;
        ASSERT_OFTEN(fan_sleep(UINT64_MAX, &raced[i]) == ECANCELED);
    }
}

/* A lost one would leave the sleeper asleep for ever. */
START_TEST(a_cancel_while_a_thread_begins_to_wait_is_not_lost)
{
    for (int i = 0; i < RACES; i++)
        fan_ctx_init(&raced[i], NULL);
    __atomic_store_n(&at, -1, __ATOMIC_RELAXED);
    struct fan_thread *thread = watch_spawn("sleeper", sleep_in_races, NULL);
    for (int i = 0; i < RACES; i++) {
        while (__atomic_load_n(&at, __ATOMIC_ACQUIRE) < i)
            fan_backend_spin(0);
        fan_ctx_cancel(&raced[i], 0);
    }
    fan_thread_join(thread);
}
END_TEST

START_TEST(a_context_shows_its_end_and_who_waits)
{
    struct fan_probe_object seen;
    struct fan_thread *thread = watch_spawn("sleeper", sleep_with, &child);
    watch_until_blocked("sleeper", FAN_OP_SLEEP);
    ck_assert(watch_object("child", &seen));
    ck_assert_uint_eq(seen.kind, FAN_KIND_CONTEXT);
    ck_assert_uint_eq(seen.waiting_take, 1);
    ck_assert_uint_eq(seen.closed, 0);
    fan_ctx_cancel(&root, EIO);
    fan_thread_join(thread);
    ck_assert(watch_object("child", &seen));
    ck_assert_uint_eq(seen.waiting_take, 0);
    ck_assert_uint_eq(seen.closed, 1);
    ck_assert_uint_eq(seen.cause, EIO);
    ck_assert_uint_eq(seen.closer, fan_thread_id(fan_thread_self()));
    ck_assert_uint_gt(seen.closed_at.depth, 1);
}
END_TEST

START_TEST(destroyed_from_below_nothing_remains)
{
    struct fan_probe_object seen;
    fan_ctx_destroy(&grandchild);
    fan_ctx_destroy(&child);
    fan_ctx_destroy(&root);
    ck_assert(!watch_object("root", &seen));
    ck_assert(!watch_object("grandchild", &seen));
}
END_TEST

START_TEST(a_destroyed_child_is_not_touched_by_a_cancel)
{
    fan_ctx_destroy(&grandchild);
    grandchild = (struct fan_ctx){0};
    fan_ctx_cancel(&root, 0);
    ck_assert_int_eq(grandchild.error, 0);
}
END_TEST

static void destroy(void *ctx)
{
    fan_ctx_destroy(ctx);
}

START_TEST(destroying_a_context_with_children_panics)
{
    ck_assert_str_eq(suite_panic_of(destroy, &child)->message,
                     "destroy of a context that has children or waiters");
}
END_TEST

START_TEST(destroying_a_context_that_is_waited_with_panics)
{
    struct fan_thread *thread = watch_spawn("sleeper", sleep_with, &grandchild);
    watch_until_blocked("sleeper", FAN_OP_SLEEP);
    ck_assert_str_eq(suite_panic_of(destroy, &grandchild)->message,
                     "destroy of a context that has children or waiters");
    fan_ctx_cancel(&grandchild, 0);
    fan_thread_join(thread);
}
END_TEST

/* Everywhere in the tree at once: cancels from above and below, births, deaths, waits. */
static void live_and_die(void *number)
{
    for (int i = 0; i < 300; i++) {
        struct fan_ctx own, below;
        fan_ctx_init(&own, &(struct fan_ctx_options){.parent = &child});
        fan_ctx_init(&below,
                     &(struct fan_ctx_options){.parent = &own,
                                               .deadline_ns = fan_deadline_after(FAN_MICROSECOND)});
        if (i % 3 == *(int *)number)
            fan_ctx_cancel(&own, 0);
        ck_assert_int_ne(fan_sleep(FAN_SECOND, &below), 0);
        fan_ctx_destroy(&below);
        fan_ctx_destroy(&own);
    }
}

START_TEST(a_tree_bears_many_hands)
{
    static int numbers[] = {0, 1, 2};
    struct fan_thread *threads[3];
    for (int i = 0; i < 3; i++)
        threads[i] = watch_spawn("hand", live_and_die, &numbers[i]);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(fan_ctx_error(&grandchild), 0);
    fan_ctx_cancel(&root, 0);
    for (int i = 0; i < 3; i++)
        fan_thread_join(threads[i]);
    fan_ctx_destroy(&grandchild);
    fan_ctx_destroy(&child);
    fan_ctx_destroy(&root);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("ctx");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_test(cases, null_is_never_done);
    tcase_add_test(cases, a_new_context_is_not_done);
    tcase_add_test(cases, cancelling_reaches_all_below);
    tcase_add_test(cases, cancelling_leaves_those_above_alone);
    tcase_add_test(cases, cancelling_leaves_siblings_alone);
    tcase_add_test(cases, the_cause_goes_down_the_tree);
    tcase_add_test(cases, a_cancel_without_a_cause_is_its_own);
    tcase_add_test(cases, only_the_first_cancel_counts);
    tcase_add_test(cases, below_a_done_context_a_new_one_is_done);
    tcase_add_test(cases, a_passed_deadline_is_a_time_out);
    tcase_add_test(cases, a_deadline_that_is_still_to_come_does_nothing);
    tcase_add_test(cases, the_earliest_deadline_counts);
    tcase_add_test(cases, cancelling_wakes_all_that_wait_anywhere_below);
    tcase_add_test(cases, cancelling_leaves_those_asleep_who_wait_above);
    tcase_add_test(cases, a_cancel_while_a_thread_begins_to_wait_is_not_lost);
    tcase_add_test(cases, a_context_shows_its_end_and_who_waits);
    tcase_add_test(cases, destroyed_from_below_nothing_remains);
    tcase_add_test(cases, a_destroyed_child_is_not_touched_by_a_cancel);
    tcase_add_test(cases, destroying_a_context_with_children_panics);
    tcase_add_test(cases, destroying_a_context_that_is_waited_with_panics);
    tcase_add_test(cases, a_tree_bears_many_hands);
    return suite_run("ctx", cases);
}
