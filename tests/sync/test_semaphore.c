#include "sync/semaphore.h"

#include <errno.h>

#include "base/random.h"
#include "run/mutex.h"
#include "run/thread.h"
#include "run/time.h"
#include "tests/support/suite.h"
#include "tests/support/watch.h"

enum { PERMITS = 10, THREADS = 4, ROUNDS = 3000 };

static struct fan_semaphore semaphore;
static struct fan_ctx ctx;
static struct fan_mutex order_lock;
static uint64_t order[THREADS];
static int order_length;

/* Acquires, and says when it had what it wanted. */
struct taker {
    const char *name;
    uint64_t amount;
    struct fan_ctx *ctx;
    int error;
    struct fan_thread *thread;
};

static void set_up(void)
{
    watch_begin();
    fan_ctx_init(&ctx, NULL);
    fan_semaphore_init(&semaphore, "memory", PERMITS);
}

static void acquire(void *argument)
{
    struct taker *taker = argument;
    taker->error = fan_semaphore_acquire(&semaphore, taker->amount, taker->ctx);
    fan_mutex_lock(&order_lock);
    if (taker->error == 0)
        order[order_length++] = taker->amount;
    fan_mutex_unlock(&order_lock);
}

static void start(struct taker *taker)
{
    taker->thread = watch_spawn(taker->name, acquire, taker);
    watch_until_blocked(taker->name, FAN_OP_ACQUIRE);
}

START_TEST(permits_are_taken_and_given_back)
{
    ck_assert_int_eq(fan_semaphore_acquire(&semaphore, PERMITS, NULL), 0);
    ck_assert_int_eq(fan_semaphore_try_acquire(&semaphore, 1), EAGAIN);
    fan_semaphore_release(&semaphore, 4);
    ck_assert_int_eq(fan_semaphore_try_acquire(&semaphore, 5), EAGAIN);
    ck_assert_int_eq(fan_semaphore_try_acquire(&semaphore, 4), 0);
    fan_semaphore_release(&semaphore, PERMITS);
    fan_semaphore_destroy(&semaphore);
}
END_TEST

START_TEST(more_than_there_are_cannot_be_had)
{
    ck_assert_int_eq(fan_semaphore_acquire(&semaphore, PERMITS + 1, NULL), EINVAL);
    ck_assert_int_eq(fan_semaphore_try_acquire(&semaphore, PERMITS + 1), EINVAL);
    ck_assert_int_eq(fan_semaphore_acquire(&semaphore, UINT64_MAX, NULL), EINVAL);
}
END_TEST

START_TEST(nothing_cannot_be_acquired)
{
    ck_assert_int_eq(fan_semaphore_acquire(&semaphore, 0, NULL), EINVAL);
    ck_assert_int_eq(fan_semaphore_try_acquire(&semaphore, 0), EINVAL);
}
END_TEST

START_TEST(a_large_request_is_not_overtaken)
{
    struct taker large = {.name = "large", .amount = 8}, small = {.name = "small", .amount = 1};
    ck_assert_int_eq(fan_semaphore_acquire(&semaphore, 5, NULL), 0);
    start(&large);
    start(&small);
    ck_assert_int_eq(fan_semaphore_try_acquire(&semaphore, 1), EAGAIN);
    fan_semaphore_release(&semaphore, 1);
    watch_until_blocked("small", FAN_OP_ACQUIRE);
    fan_semaphore_release(&semaphore, 2);
    fan_thread_join(large.thread);
    watch_until_blocked("small", FAN_OP_ACQUIRE);
    fan_semaphore_release(&semaphore, 8);
    fan_thread_join(small.thread);
    ck_assert_uint_eq(order[0], 8);
    ck_assert_uint_eq(order[1], 1);
}
END_TEST

START_TEST(one_release_serves_as_many_as_it_can)
{
    struct taker takers[] = {{.name = "first", .amount = 3},
                             {.name = "second", .amount = 4},
                             {.name = "third", .amount = 5}};
    ck_assert_int_eq(fan_semaphore_acquire(&semaphore, PERMITS, NULL), 0);
    for (int i = 0; i < 3; i++)
        start(&takers[i]);
    fan_semaphore_release(&semaphore, 7);
    fan_thread_join(takers[0].thread);
    fan_thread_join(takers[1].thread);
    watch_until_blocked("third", FAN_OP_ACQUIRE);
    ck_assert_uint_eq(semaphore.available, 0);
    fan_semaphore_release(&semaphore, 5);
    fan_thread_join(takers[2].thread);
}
END_TEST

START_TEST(who_gives_up_lets_in_those_behind)
{
    struct taker large = {.name = "large", .amount = 8, .ctx = &ctx};
    struct taker small = {.name = "small", .amount = 3}, next = {.name = "next", .amount = 2};
    ck_assert_int_eq(fan_semaphore_acquire(&semaphore, 5, NULL), 0);
    start(&large);
    start(&small);
    start(&next);
    fan_ctx_cancel(&ctx, 0);
    fan_thread_join(large.thread);
    fan_thread_join(small.thread);
    fan_thread_join(next.thread);
    ck_assert_int_eq(large.error, ECANCELED);
    ck_assert_int_eq(small.error, 0);
    ck_assert_int_eq(next.error, 0);
    ck_assert_uint_eq(semaphore.available, 0);
}
END_TEST

START_TEST(a_deadline_ends_a_wait_and_takes_nothing)
{
    struct fan_ctx brief;
    struct fan_ctx_options options = {.deadline_ns = fan_deadline_after(FAN_MILLISECOND)};
    fan_ctx_init(&brief, &options);
    ck_assert_int_eq(fan_semaphore_acquire(&semaphore, 5, NULL), 0);
    ck_assert_int_eq(fan_semaphore_acquire(&semaphore, 6, &brief), ETIMEDOUT);
    ck_assert_uint_eq(semaphore.available, 5);
}
END_TEST

START_TEST(a_done_context_wins_over_free_permits)
{
    fan_ctx_cancel(&ctx, 0);
    ck_assert_int_eq(fan_semaphore_acquire(&semaphore, 1, &ctx), ECANCELED);
    ck_assert_uint_eq(semaphore.available, PERMITS);
}
END_TEST

static void release_one(void *unused)
{
    (void)unused;
    fan_semaphore_release(&semaphore, 1);
}

static void release_the_most(void *unused)
{
    (void)unused;
    fan_semaphore_release(&semaphore, UINT64_MAX);
}

START_TEST(giving_back_more_than_was_taken_panics)
{
    ck_assert_str_eq(suite_panic_of(release_one, NULL)->message,
                     "release of more permits than were taken: memory");
    ck_assert_int_eq(fan_semaphore_acquire(&semaphore, 1, NULL), 0);
    ck_assert_int_eq(suite_panic_of(release_the_most, NULL)->kind, FAN_PANIC_MISUSE);
    fan_semaphore_release(&semaphore, 1);
    fan_semaphore_destroy(&semaphore);
}
END_TEST

START_TEST(another_thread_may_give_back)
{
    ck_assert_int_eq(fan_semaphore_acquire(&semaphore, 1, NULL), 0);
    fan_thread_join(watch_spawn("other", release_one, NULL));
    ck_assert_uint_eq(semaphore.available, PERMITS);
}
END_TEST

static void destroy(void *unused)
{
    (void)unused;
    fan_semaphore_destroy(&semaphore);
}

START_TEST(destroying_a_semaphore_in_use_panics)
{
    ck_assert_int_eq(fan_semaphore_acquire(&semaphore, 1, NULL), 0);
    ck_assert_str_eq(suite_panic_of(destroy, NULL)->message,
                     "destroy of a semaphore that is in use: memory");
}
END_TEST

START_TEST(a_semaphore_shows_what_is_out_and_who_waits)
{
    struct fan_probe_object seen;
    struct taker taker = {.name = "taker", .amount = 7};
    ck_assert_int_eq(fan_semaphore_acquire(&semaphore, 6, NULL), 0);
    fan_semaphore_release(&semaphore, 1);
    start(&taker);
    ck_assert(watch_object("memory", &seen));
    ck_assert_uint_eq(seen.kind, FAN_KIND_SEMAPHORE);
    ck_assert_uint_eq(seen.capacity, PERMITS);
    ck_assert_uint_eq(seen.taken, 6);
    ck_assert_uint_eq(seen.put, 1);
    ck_assert_uint_eq(seen.waiting_take, 1);
    fan_semaphore_release(&semaphore, 5);
    fan_thread_join(taker.thread);
    ck_assert(watch_object("memory", &seen));
    ck_assert_uint_eq(seen.taken, 13);
    ck_assert_uint_eq(seen.waiting_take, 0);
}
END_TEST

static uint64_t out;

static void take_and_give_back(void *seed)
{
    struct fan_random random = {.state = *(uint64_t *)seed};
    for (int i = 0; i < ROUNDS; i++) {
        struct fan_ctx brief;
        uint64_t amount = 1 + fan_random_below(&random, PERMITS);
        uint64_t patience_ns = fan_random_below(&random, 20) * FAN_MICROSECOND;
        struct fan_ctx_options options = {.deadline_ns = fan_deadline_after(patience_ns)};
        fan_ctx_init(&brief, &options);
        if (fan_semaphore_acquire(&semaphore, amount, i % 2 ? &brief : NULL) == 0) {
            ASSERT_OFTEN(__atomic_add_fetch(&out, amount, __ATOMIC_RELAXED) <= PERMITS);
            __atomic_fetch_sub(&out, amount, __ATOMIC_RELAXED);
            fan_semaphore_release(&semaphore, amount);
        }
        fan_ctx_destroy(&brief);
    }
}

START_TEST(never_more_than_all_permits_are_out_and_all_come_back)
{
    static uint64_t seeds[THREADS] = {1, 2, 3, 4};
    struct fan_thread *threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        threads[i] = watch_spawn("taker", take_and_give_back, &seeds[i]);
    for (int i = 0; i < THREADS; i++)
        fan_thread_join(threads[i]);
    ck_assert_uint_eq(semaphore.available, PERMITS);
    fan_semaphore_destroy(&semaphore);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("semaphore");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_test(cases, permits_are_taken_and_given_back);
    tcase_add_test(cases, more_than_there_are_cannot_be_had);
    tcase_add_test(cases, nothing_cannot_be_acquired);
    tcase_add_test(cases, a_large_request_is_not_overtaken);
    tcase_add_test(cases, one_release_serves_as_many_as_it_can);
    tcase_add_test(cases, who_gives_up_lets_in_those_behind);
    tcase_add_test(cases, a_deadline_ends_a_wait_and_takes_nothing);
    tcase_add_test(cases, a_done_context_wins_over_free_permits);
    tcase_add_test(cases, giving_back_more_than_was_taken_panics);
    tcase_add_test(cases, another_thread_may_give_back);
    tcase_add_test(cases, destroying_a_semaphore_in_use_panics);
    tcase_add_test(cases, a_semaphore_shows_what_is_out_and_who_waits);
    tcase_add_test(cases, never_more_than_all_permits_are_out_and_all_come_back);
    return suite_run("semaphore", cases);
}
