#include "sync/block.h"

#include <errno.h>

#include "run/thread.h"
#include "run/time.h"
#include "tests/support/suite.h"
#include "tests/support/watch.h"

static struct fan_lock lock;
static struct fan_waitq queue;
static struct fan_ctx ctx;

static void set_up(void)
{
    watch_begin();
    fan_ctx_init(&ctx, NULL);
}

static int block_until(uint64_t deadline_ns)
{
    struct fan_waiter waiter = {0};
    struct fan_block block = {.lock = &lock,
                              .queue = &queue,
                              .op = FAN_OP_ACQUIRE,
                              .kind = FAN_KIND_SEMAPHORE,
                              .deadline_ns = deadline_ns,
                              .ctx = &ctx};
    fan_lock_acquire(&lock);
    return fan_block(&block, &waiter);
}

static void block(void *result)
{
    *(int *)result = block_until(0);
}

static struct fan_thread *start(int *result)
{
    struct fan_thread *thread = watch_spawn("blocked", block, result);
    watch_until_blocked("blocked", FAN_OP_ACQUIRE);
    return thread;
}

static void check_nothing_is_left(void)
{
    ck_assert_uint_eq(lock.word, 0);
    ck_assert(fan_waitq_empty(&queue));
    fan_ctx_destroy(&ctx);
}

START_TEST(who_fires_gives_the_result)
{
    int result = -1;
    struct fan_thread *thread = start(&result);
    fan_lock_acquire(&lock);
    struct fan_wakeup wakeup = fan_waitq_fire_one(&queue, EPIPE);
    fan_lock_release(&lock);
    fan_wakeup_send(wakeup);
    fan_thread_join(thread);
    ck_assert_int_eq(result, EPIPE);
    check_nothing_is_left();
}
END_TEST

START_TEST(the_context_ends_it)
{
    int result = -1;
    struct fan_thread *thread = start(&result);
    fan_ctx_cancel(&ctx, 0);
    fan_thread_join(thread);
    ck_assert_int_eq(result, ECANCELED);
    check_nothing_is_left();
}
END_TEST

START_TEST(the_deadline_ends_it)
{
    ck_assert_int_eq(block_until(fan_deadline_after(FAN_MILLISECOND)), EAGAIN);
    check_nothing_is_left();
}
END_TEST

/* The context may end after its last look at it and before it waits. */
START_TEST(with_a_done_context_it_does_not_begin)
{
    fan_ctx_cancel(&ctx, 0);
    ck_assert_int_eq(block_until(0), ECANCELED);
    check_nothing_is_left();
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("block");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_test(cases, who_fires_gives_the_result);
    tcase_add_test(cases, the_context_ends_it);
    tcase_add_test(cases, the_deadline_ends_it);
    tcase_add_test(cases, with_a_done_context_it_does_not_begin);
    return suite_run("block", cases);
}
