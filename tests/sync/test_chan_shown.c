/* What an observer sees of a channel. */
#include "sync/chan.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "run/thread.h"
#include "tests/support/blocked.h"
#include "tests/support/suite.h"
#include "tests/support/watch.h"

static struct fan_ctx ctx;

static void set_up(void)
{
    watch_begin();
    fan_ctx_init(&ctx, NULL);
}

START_TEST(a_channel_shows_its_traffic)
{
    struct fan_probe_object seen;
    struct fan_chan *chan = fan_chan_new("jobs", sizeof(int), 3);
    for (int i = 0; i < 3; i++)
        fan_chan_send(chan, &i, NULL);
    fan_chan_recv(chan, NULL, NULL);
    ck_assert(watch_object("jobs", &seen));
    ck_assert_uint_eq(seen.kind, FAN_KIND_CHANNEL);
    ck_assert_uint_eq(seen.capacity, 3);
    ck_assert_uint_eq(seen.put, 3);
    ck_assert_uint_eq(seen.taken, 1);
    ck_assert_uint_eq(seen.put_users[0], 1);
    ck_assert_uint_eq(seen.take_users[0], 1);
    ck_assert_uint_eq(seen.closed, 0);
    blocked_close(chan);
    ck_assert(watch_object("jobs", &seen));
    ck_assert_uint_eq(seen.closed, 1);
    ck_assert_uint_eq(seen.closer, fan_thread_id(fan_thread_self()));
    ck_assert(blocked_leads_through(&seen.closed_at, blocked_closed_from));
    fan_chan_free(chan);
    ck_assert(!watch_object("jobs", &seen));
}
END_TEST

START_TEST(who_is_blocked_shows_where)
{
    struct fan_probe_object seen;
    struct fan_probe_thread thread;
    struct blocked operation = blocked_somehow(_i, &ctx);
    blocked_start_after_filling(&operation);
    ck_assert(watch_object("chan", &seen));
    ck_assert_uint_eq(seen.waiting_put, blocked_sends(operation.kind) ? 1 : 0);
    ck_assert_uint_eq(seen.waiting_take, blocked_sends(operation.kind) ? 0 : 1);
    ck_assert(watch_thread("blocked", &thread));
    bool selects = blocked_shown_as(operation.kind) == FAN_OP_SELECT;
    ck_assert_uint_eq(thread.wait_count, selects ? 3 : 2);
    ck_assert_uint_eq(thread.waits[selects].kind, FAN_KIND_CHANNEL);
    ck_assert_uint_eq(thread.waits[selects].op,
                      blocked_sends(operation.kind) ? FAN_OP_SEND : FAN_OP_RECV);
    ck_assert_uint_eq(thread.waits[selects + 1].kind, FAN_KIND_CONTEXT);
    ck_assert(blocked_leads_through(&thread.stack, operation.returns_to));
    fan_ctx_cancel(&ctx, 0);
    fan_thread_join(operation.thread);
    ck_assert(watch_object("chan", &seen));
    ck_assert_uint_eq(seen.waiting_put + seen.waiting_take, 0);
    fan_chan_free(operation.chan);
}
END_TEST

static void send_one(void *chan)
{
    ck_assert_int_eq(fan_chan_send(chan, &(int){42}, NULL), 0);
}

static void do_nothing(void *unused)
{
    (void)unused;
}

/* When all slots have been used, the next thread gets that of the one that ended first. */
START_TEST(a_thread_in_the_slot_of_an_ended_one_is_a_user_of_its_own)
{
    struct fan_probe_object seen;
    struct fan_chan *chan = fan_chan_new("jobs", sizeof(int), 2);
    fan_thread_join(watch_spawn("first", send_one, chan));
    watch_until_done("first");
    for (int i = 2; i < FAN_PROBE_THREADS; i++)
        fan_thread_join(watch_spawn("filler", do_nothing, NULL));
    fan_thread_wait_all();
    fan_thread_join(watch_spawn("second", send_one, chan));
    ck_assert(watch_object("jobs", &seen));
    ck_assert_uint_eq(seen.put_users[0], 1 << 1);
    fan_chan_free(chan);
}
END_TEST

START_TEST(without_an_observer_it_works_as_well)
{
    struct fan_chan *chan;
    fan_probe_install(NULL);
    chan = fan_chan_new("chan", sizeof(int), 1);
    struct fan_thread *sender = watch_spawn("sender", send_one, chan);
    int element = 0;
    ck_assert_int_eq(fan_chan_recv(chan, &element, NULL), 0);
    ck_assert_int_eq(element, 42);
    fan_thread_join(sender);
    fan_chan_close(chan);
    fan_chan_free(chan);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("chan");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_test(cases, a_channel_shows_its_traffic);
    tcase_add_loop_test(cases, who_is_blocked_shows_where, 0, BLOCKED_WAYS);
    tcase_add_test(cases, a_thread_in_the_slot_of_an_ended_one_is_a_user_of_its_own);
    tcase_add_test(cases, without_an_observer_it_works_as_well);
    return suite_run("chan, as shown", cases);
}
