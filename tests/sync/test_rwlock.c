#include "sync/rwlock.h"

#include <sched.h>
#include <signal.h>

#include "run/thread.h"
#include "tests/support/suite.h"
#include "tests/support/watch.h"

enum { THREADS = 4, ROUNDS = 20000 };

static struct fan_rwlock rwlock = {.name = "prices"};
static int first_half, second_half, torn, order[THREADS], order_length;

static void write_and_sign(void *number)
{
    fan_rwlock_lock(&rwlock);
    order[order_length++] = *(int *)number;
    fan_rwlock_unlock(&rwlock);
}

static void read_and_sign(void *number)
{
    fan_rwlock_lock_shared(&rwlock);
    order[__atomic_fetch_add(&order_length, 1, __ATOMIC_RELAXED)] = *(int *)number;
    fan_rwlock_unlock_shared(&rwlock);
}

static void read_briefly(void *unused)
{
    (void)unused;
    fan_rwlock_lock_shared(&rwlock);
    fan_rwlock_unlock_shared(&rwlock);
}

START_TEST(readers_share)
{
    fan_rwlock_lock_shared(&rwlock);
    fan_thread_join(watch_spawn("reader", read_briefly, NULL));
    fan_rwlock_unlock_shared(&rwlock);
}
END_TEST

START_TEST(a_writer_waits_for_all_readers)
{
    fan_rwlock_lock_shared(&rwlock);
    fan_rwlock_lock_shared(&rwlock);
    struct fan_thread *writer = watch_spawn("writer", write_and_sign, &(int){1});
    watch_until_blocked("writer", FAN_OP_LOCK);
    fan_rwlock_unlock_shared(&rwlock);
    watch_until_blocked("writer", FAN_OP_LOCK);
    ck_assert_int_eq(order_length, 0);
    fan_rwlock_unlock_shared(&rwlock);
    fan_thread_join(writer);
    ck_assert_int_eq(order_length, 1);
}
END_TEST

START_TEST(readers_and_writers_wait_for_a_writer)
{
    fan_rwlock_lock(&rwlock);
    struct fan_thread *reader = watch_spawn("reader", read_and_sign, &(int){1});
    watch_until_blocked("reader", FAN_OP_LOCK_SHARED);
    struct fan_thread *writer = watch_spawn("writer", write_and_sign, &(int){2});
    watch_until_blocked("writer", FAN_OP_LOCK);
    ck_assert_int_eq(order_length, 0);
    fan_rwlock_unlock(&rwlock);
    fan_thread_join(reader);
    fan_thread_join(writer);
    ck_assert_int_eq(order[0], 1);
    ck_assert_int_eq(order[1], 2);
}
END_TEST

START_TEST(a_waiting_writer_holds_back_new_readers)
{
    fan_rwlock_lock_shared(&rwlock);
    struct fan_thread *writer = watch_spawn("writer", write_and_sign, &(int){1});
    watch_until_blocked("writer", FAN_OP_LOCK);
    struct fan_thread *reader = watch_spawn("reader", read_and_sign, &(int){2});
    watch_until_blocked("reader", FAN_OP_LOCK_SHARED);
    fan_rwlock_unlock_shared(&rwlock);
    fan_thread_join(writer);
    fan_thread_join(reader);
    ck_assert_int_eq(order[0], 1);
    ck_assert_int_eq(order[1], 2);
}
END_TEST

/* Each of the two readers leaves only when it has seen the other inside. */
static void read_together(void *unused)
{
    static int inside;
    (void)unused;
    fan_rwlock_lock_shared(&rwlock);
    __atomic_fetch_add(&inside, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&inside, __ATOMIC_RELAXED) < 2)
        sched_yield();
    fan_rwlock_unlock_shared(&rwlock);
}

START_TEST(readers_in_a_row_get_in_together)
{
    fan_rwlock_lock(&rwlock);
    struct fan_thread *threads[] = {watch_spawn("reader", read_together, NULL),
                                    watch_spawn("reader", read_together, NULL)};
    watch_until_so_many_blocked(2, FAN_OP_LOCK_SHARED);
    fan_rwlock_unlock(&rwlock);
    fan_thread_join(threads[0]);
    fan_thread_join(threads[1]);
}
END_TEST

static void write_halves(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        fan_rwlock_lock(&rwlock);
        first_half++;
        second_half++;
        fan_rwlock_unlock(&rwlock);
    }
}

static void read_halves(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        fan_rwlock_lock_shared(&rwlock);
        if (first_half != second_half)
            __atomic_fetch_add(&torn, 1, __ATOMIC_RELAXED);
        fan_rwlock_unlock_shared(&rwlock);
    }
}

START_TEST(nobody_reads_while_another_writes)
{
    struct fan_thread *threads[] = {
        watch_spawn("writer", write_halves, NULL), watch_spawn("writer", write_halves, NULL),
        watch_spawn("reader", read_halves, NULL), watch_spawn("reader", read_halves, NULL)};
    for (int i = 0; i < THREADS; i++)
        fan_thread_join(threads[i]);
    ck_assert_int_eq(torn, 0);
    ck_assert_int_eq(first_half, 2 * ROUNDS);
    ck_assert_int_eq(second_half, 2 * ROUNDS);
    fan_rwlock_destroy(&rwlock);
}
END_TEST

START_TEST(a_lock_shows_its_holders_and_who_waits)
{
    struct fan_probe_object seen;
    struct fan_probe_thread waiter;
    fan_rwlock_lock(&rwlock);
    struct fan_thread *reader = watch_spawn("reader", read_and_sign, &(int){1});
    watch_until_blocked("reader", FAN_OP_LOCK_SHARED);
    ck_assert(watch_thread("reader", &waiter));
    ck_assert_uint_eq(waiter.waits[0].kind, FAN_KIND_RWLOCK);
    ck_assert(watch_object("prices", &seen));
    ck_assert_uint_eq(seen.owner, fan_thread_id(fan_thread_self()));
    ck_assert_uint_eq(seen.taken - seen.put, 1);
    ck_assert_uint_eq(seen.waiting_take, 1);
    fan_rwlock_unlock(&rwlock);
    fan_thread_join(reader);
    ck_assert(watch_object("prices", &seen));
    ck_assert_uint_eq(seen.owner, 0);
    ck_assert_uint_eq(seen.taken - seen.put, 0);
    ck_assert_uint_eq(seen.waiting_take, 0);
    fan_rwlock_destroy(&rwlock);
    ck_assert(!watch_object("prices", &seen));
}
END_TEST

static void lock(void *unused)
{
    (void)unused;
    fan_rwlock_lock(&rwlock);
}

static void lock_shared(void *unused)
{
    (void)unused;
    fan_rwlock_lock_shared(&rwlock);
}

static void unlock(void *unused)
{
    (void)unused;
    fan_rwlock_unlock(&rwlock);
}

static void unlock_shared(void *unused)
{
    (void)unused;
    fan_rwlock_unlock_shared(&rwlock);
}

static void destroy(void *unused)
{
    (void)unused;
    fan_rwlock_destroy(&rwlock);
}

START_TEST(locking_what_the_thread_holds_for_writing_is_a_misuse)
{
    fan_rwlock_lock(&rwlock);
    ck_assert_str_eq(suite_panic_of(lock, NULL)->message,
                     "lock of a reader-writer lock that this thread holds for writing: prices");
    ck_assert_int_eq(suite_panic_of(lock_shared, NULL)->kind, FAN_PANIC_MISUSE);
    fan_rwlock_unlock(&rwlock);
}
END_TEST

START_TEST(unlocking_what_is_not_held_for_writing_is_a_misuse)
{
    ck_assert_str_eq(
        suite_panic_of(unlock, NULL)->message,
        "unlock of a reader-writer lock that this thread does not hold for writing: prices");
    fan_rwlock_lock_shared(&rwlock);
    ck_assert_int_eq(suite_panic_of(unlock, NULL)->kind, FAN_PANIC_MISUSE);
    fan_rwlock_unlock_shared(&rwlock);
}
END_TEST

START_TEST(unlocking_what_is_not_held_for_reading_is_a_misuse)
{
    ck_assert_str_eq(suite_panic_of(unlock_shared, NULL)->message,
                     "unlock of a reader-writer lock that nobody holds for reading: prices");
    fan_rwlock_lock(&rwlock);
    ck_assert_int_eq(suite_panic_of(unlock_shared, NULL)->kind, FAN_PANIC_MISUSE);
    fan_rwlock_unlock(&rwlock);
}
END_TEST

START_TEST(destroying_a_held_lock_is_a_misuse)
{
    fan_rwlock_lock_shared(&rwlock);
    ck_assert_str_eq(suite_panic_of(destroy, NULL)->message,
                     "destroy of a reader-writer lock that is in use: prices");
    fan_rwlock_unlock_shared(&rwlock);
    fan_rwlock_lock(&rwlock);
    ck_assert_int_eq(suite_panic_of(destroy, NULL)->kind, FAN_PANIC_MISUSE);
    fan_rwlock_unlock(&rwlock);
    fan_rwlock_destroy(&rwlock);
}
END_TEST

static void lock_and_panic(void *unused)
{
    (void)unused;
    fan_rwlock_lock_shared(&rwlock);
    fan_panic("with a lock held");
}

START_TEST(no_scope_catches_a_panic_with_a_shared_lock_held)
{
    fan_recover(lock_and_panic, NULL, NULL);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("rwlock");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, watch_begin, NULL);
    tcase_add_test(cases, readers_share);
    tcase_add_test(cases, a_writer_waits_for_all_readers);
    tcase_add_test(cases, readers_and_writers_wait_for_a_writer);
    tcase_add_test(cases, a_waiting_writer_holds_back_new_readers);
    tcase_add_test(cases, readers_in_a_row_get_in_together);
    tcase_add_test(cases, nobody_reads_while_another_writes);
    tcase_add_test(cases, a_lock_shows_its_holders_and_who_waits);
    tcase_add_test(cases, locking_what_the_thread_holds_for_writing_is_a_misuse);
    tcase_add_test(cases, unlocking_what_is_not_held_for_writing_is_a_misuse);
    tcase_add_test(cases, unlocking_what_is_not_held_for_reading_is_a_misuse);
    tcase_add_test(cases, destroying_a_held_lock_is_a_misuse);
    tcase_add_test_raise_signal(cases, no_scope_catches_a_panic_with_a_shared_lock_held, SIGABRT);
    return suite_run("rwlock", cases);
}
