#include "run/wait.h"

#include "run/thread_state.h"
#include "run/time.h"
#include "tests/support/suite.h"
#include "tests/support/watch.h"

static struct fan_waitq queue;
static struct fan_waiter one, two, three;

static void set_up(void)
{
    watch_begin();
    struct fan_thread *self = fan_thread_here();
    one = (struct fan_waiter){.thread = self, .index = 1};
    two = (struct fan_waiter){.thread = self, .index = 2};
    three = (struct fan_waiter){.thread = self, .index = 3};
    fan_wait_begin(self);
}

static uint32_t park_until(uint64_t deadline_ns)
{
    return fan_wait_park(fan_thread_here(),
                         &(struct fan_wait_shown){.op = FAN_OP_SLEEP, .deadline_ns = deadline_ns});
}

START_TEST(a_queue_serves_in_order)
{
    fan_waitq_push(&queue, &one);
    fan_waitq_push(&queue, &two);
    fan_waitq_push_front(&queue, &three);
    ck_assert_uint_eq(queue.length, 3);
    ck_assert_ptr_eq(fan_waitq_pop(&queue), &three);
    ck_assert_ptr_eq(fan_waitq_pop(&queue), &one);
    ck_assert_ptr_eq(fan_waitq_first(&queue), &two);
    ck_assert_ptr_eq(fan_waitq_pop(&queue), &two);
    ck_assert_ptr_null(fan_waitq_pop(&queue));
    ck_assert(fan_waitq_empty(&queue));
}
END_TEST

START_TEST(a_waiter_that_was_taken_out_may_be_taken_out_again)
{
    fan_waitq_push(&queue, &one);
    fan_waitq_push(&queue, &two);
    fan_waitq_remove(&queue, &one);
    fan_waitq_remove(&queue, &one);
    ck_assert_uint_eq(queue.length, 1);
    ck_assert_ptr_eq(fan_waitq_first(&queue), &two);
}
END_TEST

START_TEST(only_the_first_claim_succeeds)
{
    ck_assert(fan_wait_claim(&two));
    ck_assert(!fan_wait_claim(&one));
    ck_assert(!fan_wait_claim(&two));
}
END_TEST

START_TEST(who_was_fired_before_it_parks_does_not_wait)
{
    fan_waitq_push(&queue, &two);
    fan_wakeup_send(fan_waitq_fire_one(&queue, 5));
    ck_assert_uint_eq(park_until(0), 2);
    ck_assert_int_eq(two.result, 5);
}
END_TEST

START_TEST(firing_passes_over_who_goes_on_already)
{
    struct fan_thread other = {0};
    struct fan_waiter free_one = {.thread = &other, .index = 1};
    fan_wait_begin(&other);
    fan_waitq_push(&queue, &one);
    fan_waitq_push(&queue, &free_one);
    ck_assert(fan_wait_claim(&two));
    ck_assert_ptr_eq(fan_waitq_claim_one(&queue), &free_one);
    ck_assert(fan_waitq_empty(&queue));
}
END_TEST

START_TEST(the_deadline_ends_a_wait)
{
    uint64_t deadline_ns = fan_deadline_after(FAN_MILLISECOND);
    ck_assert_uint_eq(park_until(deadline_ns), 0);
    ck_assert_uint_ge(fan_now_ns(), deadline_ns);
}
END_TEST

START_TEST(after_the_deadline_a_claim_comes_too_late)
{
    ck_assert_uint_eq(park_until(1), 0);
    ck_assert(!fan_wait_claim(&one));
}
END_TEST

static struct fan_waiter sleeper;
static uint32_t fired;

static void sleep_until_fired(void *unused)
{
    (void)unused;
    struct fan_probe_wait wait = {.slot = 4, .op = FAN_OP_RECV, .kind = FAN_KIND_CHANNEL};
    sleeper = (struct fan_waiter){.thread = fan_thread_here(), .index = 7};
    fan_wait_begin(sleeper.thread);
    fired = fan_wait_park(sleeper.thread, &(struct fan_wait_shown){.op = FAN_OP_RECV,
                                                                   .waits = &wait,
                                                                   .wait_count = 1,
                                                                   .deadline_ns = UINT64_MAX});
}

START_TEST(who_sleeps_shows_what_for)
{
    struct fan_probe_thread seen;
    struct fan_thread *thread = watch_spawn("sleeper", sleep_until_fired, NULL);
    watch_until_blocked("sleeper", FAN_OP_RECV);
    ck_assert(watch_thread("sleeper", &seen));
    ck_assert_uint_eq(seen.wait_count, 1);
    ck_assert_uint_eq(seen.waits[0].slot, 4);
    ck_assert_uint_eq(seen.waits[0].op, FAN_OP_RECV);
    ck_assert_uint_eq(seen.waits[0].kind, FAN_KIND_CHANNEL);
    ck_assert_uint_eq(seen.deadline_ns, UINT64_MAX);
    ck_assert_uint_gt(seen.stack.depth, 1);
    ck_assert(fan_wait_claim(&sleeper));
    fan_wakeup_send(fan_wait_resume(&sleeper, 0));
    fan_thread_join(thread);
    ck_assert_uint_eq(fired, 7);
}
END_TEST

/* What the proof of a deadlock rests on. */
START_TEST(the_waker_takes_the_sign_of_being_blocked_away)
{
    struct fan_probe_thread seen;
    struct fan_thread *thread = watch_spawn("sleeper", sleep_until_fired, NULL);
    watch_until_blocked("sleeper", FAN_OP_RECV);
    ck_assert(watch_thread("sleeper", &seen));
    uint32_t blocked_seq = seen.seq;
    ck_assert(fan_wait_claim(&sleeper));
    ck_assert(watch_thread("sleeper", &seen));
    ck_assert_uint_eq(seen.state, FAN_STATE_RUNNABLE);
    ck_assert_uint_gt(seen.seq, blocked_seq);
    fan_wakeup_send(fan_wait_resume(&sleeper, 0));
    fan_thread_join(thread);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("wait");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_test(cases, a_queue_serves_in_order);
    tcase_add_test(cases, a_waiter_that_was_taken_out_may_be_taken_out_again);
    tcase_add_test(cases, only_the_first_claim_succeeds);
    tcase_add_test(cases, who_was_fired_before_it_parks_does_not_wait);
    tcase_add_test(cases, firing_passes_over_who_goes_on_already);
    tcase_add_test(cases, the_deadline_ends_a_wait);
    tcase_add_test(cases, after_the_deadline_a_claim_comes_too_late);
    tcase_add_test(cases, who_sleeps_shows_what_for);
    tcase_add_test(cases, the_waker_takes_the_sign_of_being_blocked_away);
    return suite_run("wait", cases);
}
