#include "run/lock.h"

#include "tests/support/suite.h"
#include "tests/support/watch.h"

enum { THREADS = 4, ROUNDS = 100000 };

static struct fan_lock lock;
static int inside, together, total;

static void add_up(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        fan_lock_acquire(&lock);
        together += inside++;
        total++;
        inside--;
        fan_lock_release(&lock);
    }
}

START_TEST(one_thread_is_inside_at_a_time)
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

START_TEST(a_released_lock_is_as_new)
{
    fan_lock_acquire(&lock);
    ck_assert_uint_ne(lock.word, 0);
    fan_lock_release(&lock);
    ck_assert_uint_eq(lock.word, 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("lock");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, one_thread_is_inside_at_a_time);
    tcase_add_test(cases, a_released_lock_is_as_new);
    return suite_run("lock", cases);
}
