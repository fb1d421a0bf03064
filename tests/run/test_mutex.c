#include "run/mutex.h"

#include <errno.h>
#include <signal.h>

#include "tests/support/suite.h"
#include "tests/support/watch.h"

enum { THREADS = 4, ROUNDS = 100000 };

static struct fan_mutex mutex = {.name = "totals"};
static int inside, together, total;
static int order[THREADS], order_length;

static void add_up(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        fan_mutex_lock(&mutex);
        together += inside++;
        total++;
        inside--;
        fan_mutex_unlock(&mutex);
    }
}

START_TEST(one_thread_holds_it_at_a_time)
{
    struct fan_thread *threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        threads[i] = watch_spawn("adder", add_up, NULL);
    for (int i = 0; i < THREADS; i++)
        fan_thread_join(threads[i]);
    ck_assert_int_eq(together, 0);
    ck_assert_int_eq(total, THREADS * ROUNDS);
}
END_TEST

static void add_up_by_trying(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        if (i % 2 || fan_mutex_trylock(&mutex) != 0)
            fan_mutex_lock(&mutex);
        total++;
        fan_mutex_unlock(&mutex);
    }
}

START_TEST(trying_and_locking_exclude_each_other)
{
    struct fan_thread *threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        threads[i] = watch_spawn("adder", add_up_by_trying, NULL);
    for (int i = 0; i < THREADS; i++)
        fan_thread_join(threads[i]);
    ck_assert_int_eq(total, THREADS * ROUNDS);
}
END_TEST

static void try_to_lock(void *error)
{
    *(int *)error = fan_mutex_trylock(&mutex);
    if (*(int *)error == 0)
        fan_mutex_unlock(&mutex);
}

START_TEST(trying_does_not_wait)
{
    int error = -1;
    fan_mutex_lock(&mutex);
    fan_thread_join(watch_spawn("trier", try_to_lock, &error));
    ck_assert_int_eq(error, EBUSY);
    fan_mutex_unlock(&mutex);
    fan_thread_join(watch_spawn("trier", try_to_lock, &error));
    ck_assert_int_eq(error, 0);
}
END_TEST

/* The state between an unlock and the moment in which the thread that it woke has taken the mutex.
 */
START_TEST(trying_succeeds_while_a_woken_thread_is_on_its_way)
{
    int error = -1;
    mutex.state = 1;
    fan_thread_join(watch_spawn("trier", try_to_lock, &error));
    ck_assert_int_eq(error, 0);
    fan_mutex_destroy(&mutex);
}
END_TEST

static void lock_and_sign(void *number)
{
    fan_mutex_lock(&mutex);
    order[order_length++] = *(int *)number;
    fan_mutex_unlock(&mutex);
}

/* All wait in a known order before the first can get in; nobody else is there to overtake. */
START_TEST(who_waits_is_served_in_order)
{
    static int numbers[THREADS] = {0, 1, 2, 3};
    struct fan_thread *threads[THREADS];
    fan_mutex_lock(&mutex);
    for (int i = 0; i < THREADS; i++) {
        threads[i] = watch_spawn("waiter", lock_and_sign, &numbers[i]);
        watch_until_so_many_blocked((size_t)i + 1, FAN_OP_LOCK);
    }
    fan_mutex_unlock(&mutex);
    for (int i = 0; i < THREADS; i++)
        fan_thread_join(threads[i]);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(order[i], i);
}
END_TEST

START_TEST(who_waits_shows_for_what_and_who_has_it)
{
    struct fan_probe_thread waiter;
    struct fan_probe_object seen;
    fan_mutex_lock(&mutex);
    ck_assert(!watch_object("totals", &seen));
    struct fan_thread *thread = watch_spawn("waiter", lock_and_sign, &(int){1});
    watch_until_blocked("waiter", FAN_OP_LOCK);
    ck_assert(watch_thread("waiter", &waiter));
    ck_assert(watch_object("totals", &seen));
    ck_assert_uint_eq(waiter.waits[0].kind, FAN_KIND_MUTEX);
    ck_assert_uint_eq(seen.kind, FAN_KIND_MUTEX);
    ck_assert_uint_eq(seen.owner, fan_thread_id(fan_thread_self()));
    fan_mutex_unlock(&mutex);
    fan_thread_join(thread);
    ck_assert(watch_object("totals", &seen));
    ck_assert_uint_eq(seen.taken, 1);
    fan_mutex_destroy(&mutex);
    ck_assert(!watch_object("totals", &seen));
}
END_TEST

static void lock_twice(void *unused)
{
    (void)unused;
    fan_mutex_lock(&mutex);
    fan_mutex_lock(&mutex);
}

/* The second lock panics while the first is held: which no scope catches. */
START_TEST(locking_it_twice_ends_the_program)
{
    fan_recover(lock_twice, NULL, NULL);
}
END_TEST

static void lock(void *unused)
{
    (void)unused;
    fan_mutex_lock(&mutex);
}

static void unlock(void *unused)
{
    (void)unused;
    fan_mutex_unlock(&mutex);
}

START_TEST(locking_what_the_thread_holds_is_a_misuse)
{
    fan_mutex_lock(&mutex);
    const struct fan_panic *panic = suite_panic_of(lock, NULL);
    ck_assert_str_eq(panic->message, "lock of a mutex that this thread holds: totals");
    ck_assert_int_eq(panic->kind, FAN_PANIC_MISUSE);
    fan_mutex_unlock(&mutex);
}
END_TEST

START_TEST(unlocking_what_nobody_holds_is_a_misuse)
{
    ck_assert_str_eq(suite_panic_of(unlock, NULL)->message,
                     "unlock of a mutex that this thread does not hold: totals");
    fan_mutex_lock(&mutex);
    fan_mutex_unlock(&mutex);
    ck_assert_int_eq(suite_panic_of(unlock, NULL)->kind, FAN_PANIC_MISUSE);
}
END_TEST

static void recover_from_unlock(void *caught)
{
    *(bool *)caught = !fan_recover(unlock, NULL, NULL);
}

START_TEST(unlocking_what_another_thread_holds_is_a_misuse)
{
    bool caught = false;
    fan_mutex_lock(&mutex);
    fan_thread_join(watch_spawn("thief", recover_from_unlock, &caught));
    ck_assert(caught);
    fan_mutex_unlock(&mutex);
}
END_TEST

static void destroy(void *unused)
{
    (void)unused;
    fan_mutex_destroy(&mutex);
}

START_TEST(destroying_a_locked_mutex_is_a_misuse)
{
    fan_mutex_lock(&mutex);
    ck_assert_str_eq(suite_panic_of(destroy, NULL)->message,
                     "destroy of a mutex that is in use: totals");
    fan_mutex_unlock(&mutex);
    fan_mutex_destroy(&mutex);
}
END_TEST

START_TEST(a_mutex_without_a_name_has_one_in_messages)
{
    mutex.name = NULL;
    ck_assert_str_eq(suite_panic_of(unlock, NULL)->message,
                     "unlock of a mutex that this thread does not hold: mutex");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("mutex");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, watch_begin, NULL);
    tcase_add_test(cases, one_thread_holds_it_at_a_time);
    tcase_add_test(cases, trying_and_locking_exclude_each_other);
    tcase_add_test(cases, trying_does_not_wait);
    tcase_add_test(cases, trying_succeeds_while_a_woken_thread_is_on_its_way);
    tcase_add_test(cases, who_waits_is_served_in_order);
    tcase_add_test(cases, who_waits_shows_for_what_and_who_has_it);
    tcase_add_test_raise_signal(cases, locking_it_twice_ends_the_program, SIGABRT);
    tcase_add_test(cases, locking_what_the_thread_holds_is_a_misuse);
    tcase_add_test(cases, unlocking_what_nobody_holds_is_a_misuse);
    tcase_add_test(cases, unlocking_what_another_thread_holds_is_a_misuse);
    tcase_add_test(cases, destroying_a_locked_mutex_is_a_misuse);
    tcase_add_test(cases, a_mutex_without_a_name_has_one_in_messages);
    return suite_run("mutex", cases);
}
