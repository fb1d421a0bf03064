#include "run/cond.h"

#include "tests/support/suite.h"
#include "tests/support/watch.h"

enum { WAITERS = 4 };

static struct fan_mutex mutex = {.name = "mutex"};
static struct fan_cond cond = {.name = "changed"}, woken = {.name = "woken"};
static struct fan_thread *waiters[WAITERS];
static int numbers[WAITERS] = {0, 1, 2, 3};
static int order[WAITERS], order_length;

/* Waits once, without looking at anything: so each wake-up is seen. */
static void wait_and_sign(void *number)
{
    fan_mutex_lock(&mutex);
    fan_cond_wait(&cond, &mutex);
    order[order_length++] = *(int *)number;
    fan_cond_signal(&woken);
    fan_mutex_unlock(&mutex);
}

static void start_waiters(void)
{
    for (int i = 0; i < WAITERS; i++) {
        waiters[i] = watch_spawn("waiter", wait_and_sign, &numbers[i]);
        watch_until_so_many_blocked((size_t)i + 1, FAN_OP_COND_WAIT);
    }
}

static void await_signatures(int count)
{
    fan_mutex_lock(&mutex);
    while (order_length < count)
        fan_cond_wait(&woken, &mutex);
    fan_mutex_unlock(&mutex);
}

static void join_waiters(void)
{
    for (int i = 0; i < WAITERS; i++)
        fan_thread_join(waiters[i]);
}

START_TEST(a_signal_wakes_who_has_waited_longest)
{
    start_waiters();
    for (int i = 0; i < WAITERS; i++) {
        fan_cond_signal(&cond);
        await_signatures(i + 1);
        ck_assert_int_eq(order[i], i);
    }
    join_waiters();
}
END_TEST

START_TEST(a_signal_wakes_one)
{
    start_waiters();
    fan_cond_signal(&cond);
    await_signatures(1);
    watch_until_so_many_blocked(WAITERS - 1, FAN_OP_COND_WAIT);
    fan_mutex_lock(&mutex);
    ck_assert_int_eq(order_length, 1);
    fan_mutex_unlock(&mutex);
    fan_cond_broadcast(&cond);
    join_waiters();
}
END_TEST

START_TEST(a_broadcast_wakes_all)
{
    start_waiters();
    fan_cond_broadcast(&cond);
    join_waiters();
    ck_assert_int_eq(order_length, WAITERS);
}
END_TEST

START_TEST(a_signal_that_nobody_waits_for_is_lost)
{
    fan_cond_signal(&cond);
    fan_cond_broadcast(&cond);
    waiters[0] = watch_spawn("waiter", wait_and_sign, &numbers[0]);
    watch_until_blocked("waiter", FAN_OP_COND_WAIT);
    fan_cond_signal(&cond);
    fan_thread_join(waiters[0]);
}
END_TEST

START_TEST(the_mutex_is_free_while_a_thread_waits_and_held_after)
{
    waiters[0] = watch_spawn("waiter", wait_and_sign, &numbers[0]);
    watch_until_blocked("waiter", FAN_OP_COND_WAIT);
    fan_mutex_lock(&mutex);
    fan_cond_signal(&cond);
    watch_until_blocked("waiter", FAN_OP_LOCK);
    ck_assert_int_eq(order_length, 0);
    fan_mutex_unlock(&mutex);
    fan_thread_join(waiters[0]);
    ck_assert_int_eq(order_length, 1);
}
END_TEST

static struct fan_cond not_empty, not_full;
static int stored, taken_sum;
enum { ITEMS = 5000, ROOM = 3 };

static void put_items(void *unused)
{
    (void)unused;
    for (int i = 1; i <= ITEMS; i++) {
        fan_mutex_lock(&mutex);
        while (stored == ROOM)
            fan_cond_wait(&not_full, &mutex);
        stored++;
        fan_cond_signal(&not_empty);
        fan_mutex_unlock(&mutex);
    }
}

static void take_items(void *unused)
{
    (void)unused;
    for (int i = 1; i <= ITEMS; i++) {
        fan_mutex_lock(&mutex);
        while (stored == 0)
            fan_cond_wait(&not_empty, &mutex);
        stored--;
        taken_sum++;
        fan_cond_signal(&not_full);
        fan_mutex_unlock(&mutex);
    }
}

START_TEST(no_signal_gets_lost_between_looking_and_waiting)
{
    struct fan_thread *threads[] = {
        watch_spawn("putter", put_items, NULL), watch_spawn("putter", put_items, NULL),
        watch_spawn("taker", take_items, NULL), watch_spawn("taker", take_items, NULL)};
    for (int i = 0; i < 4; i++)
        fan_thread_join(threads[i]);
    ck_assert_int_eq(taken_sum, 2 * ITEMS);
    ck_assert_int_eq(stored, 0);
}
END_TEST

START_TEST(who_waits_shows_for_what)
{
    struct fan_probe_thread waiter;
    struct fan_probe_object seen;
    start_waiters();
    ck_assert(watch_thread("waiter", &waiter));
    ck_assert_uint_eq(waiter.waits[0].kind, FAN_KIND_CONDITION);
    ck_assert(watch_object("changed", &seen));
    ck_assert_uint_eq(seen.waiting_take, WAITERS);
    fan_cond_broadcast(&cond);
    join_waiters();
    ck_assert(watch_object("changed", &seen));
    ck_assert_uint_eq(seen.waiting_take, 0);
    ck_assert_uint_eq(seen.put, 1);
    fan_cond_destroy(&cond);
    ck_assert(!watch_object("changed", &seen));
}
END_TEST

static void destroy(void *unused)
{
    (void)unused;
    fan_cond_destroy(&cond);
}

START_TEST(destroying_a_condition_that_is_waited_on_is_a_misuse)
{
    start_waiters();
    ck_assert_str_eq(suite_panic_of(destroy, NULL)->message,
                     "destroy of a condition that threads wait on: changed");
    fan_cond_broadcast(&cond);
    join_waiters();
}
END_TEST

static void wait_without_mutex(void *unused)
{
    (void)unused;
    fan_cond_wait(&cond, &mutex);
}

START_TEST(waiting_without_the_mutex_is_a_misuse_that_leaves_nobody_waiting)
{
    ck_assert_str_eq(suite_panic_of(wait_without_mutex, NULL)->message,
                     "wait with a mutex that this thread does not hold: mutex");
    fan_cond_destroy(&cond);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("cond");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, watch_begin, NULL);
    tcase_add_test(cases, a_signal_wakes_who_has_waited_longest);
    tcase_add_test(cases, a_signal_wakes_one);
    tcase_add_test(cases, a_broadcast_wakes_all);
    tcase_add_test(cases, a_signal_that_nobody_waits_for_is_lost);
    tcase_add_test(cases, the_mutex_is_free_while_a_thread_waits_and_held_after);
    tcase_add_test(cases, no_signal_gets_lost_between_looking_and_waiting);
    tcase_add_test(cases, who_waits_shows_for_what);
    tcase_add_test(cases, destroying_a_condition_that_is_waited_on_is_a_misuse);
    tcase_add_test(cases, waiting_without_the_mutex_is_a_misuse_that_leaves_nobody_waiting);
    return suite_run("cond", cases);
}
