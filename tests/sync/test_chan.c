/* Channels: what passes through them, what a try does, and how they come and go. How they end
 * is in test_chan_end.c, what an observer sees of them in test_chan_shown.c. */
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

/* ---- what passes through --------------------------------------------------------------------- */

START_TEST(elements_come_out_in_the_order_they_went_in)
{
    struct fan_chan *chan = fan_chan_new("chan", sizeof(int), 7);
    int received = -1;
    for (int round = 0, next = 0; round < 100; round++) {
        int first = next;
        for (int i = 0; i < 1 + round % 7; i++)
            ck_assert_int_eq(fan_chan_send(chan, &(int){next++}, NULL), 0);
        for (int i = first; i < next; i++) {
            ck_assert_int_eq(fan_chan_recv(chan, &received, NULL), 0);
            ck_assert_int_eq(received, i);
        }
    }
    fan_chan_free(chan);
}
END_TEST

static void send_bytes(void *argument)
{
    struct fan_chan *chan = argument;
    unsigned char element[100];
    for (int i = 0; i < 50; i++) {
        memset(element, i, sizeof element);
        ck_assert_int_eq(fan_chan_send(chan, element, NULL), 0);
    }
}

/* A byte behind the element shows if too much is copied. */
static void receive_bytes(struct fan_chan *chan, size_t size)
{
    unsigned char element[101], expected[101];
    for (int i = 0; i < 50; i++) {
        memset(element, 0xee, sizeof element);
        memset(expected, 0xee, sizeof expected);
        memset(expected, i, size);
        ck_assert_int_eq(fan_chan_recv(chan, element, NULL), 0);
        ck_assert_mem_eq(element, expected, sizeof element);
    }
}

START_TEST(elements_of_any_size_stay_whole)
{
    static const size_t sizes[] = {0, 1, 3, 8, 100};
    for (size_t s = 0; s < 5; s++) {
        struct fan_chan *chan = fan_chan_new("chan", sizes[s], blocked_capacities[_i]);
        struct fan_thread *sender = watch_spawn("sender", send_bytes, chan);
        receive_bytes(chan, sizes[s]);
        fan_thread_join(sender);
        fan_chan_free(chan);
    }
}
END_TEST

START_TEST(a_receive_may_drop_the_element)
{
    struct blocked sender = {.kind = BLOCKED_SEND, .chan = fan_chan_new("chan", sizeof(int), 0)};
    blocked_start(&sender);
    ck_assert_int_eq(fan_chan_recv(sender.chan, NULL, NULL), 0);
    blocked_finish(&sender);
    ck_assert_int_eq(sender.error, 0);
    struct fan_chan *buffered = fan_chan_new("buffered", sizeof(int), 1);
    ck_assert_int_eq(fan_chan_send(buffered, &(int){1}, NULL), 0);
    ck_assert_int_eq(fan_chan_recv(buffered, NULL, NULL), 0);
    ck_assert_uint_eq(fan_chan_length(buffered), 0);
    fan_chan_free(buffered);
}
END_TEST

START_TEST(a_sender_that_waits_gets_in_before_a_later_one)
{
    struct fan_chan *chan = fan_chan_new("chan", sizeof(int), 1);
    struct blocked waiting = {.kind = BLOCKED_SEND, .chan = chan, .element = 42};
    int received[3];
    blocked_fill(chan);
    blocked_start(&waiting);
    ck_assert_int_eq(fan_chan_try_send(chan, &(int){43}), EAGAIN);
    ck_assert_int_eq(fan_chan_recv(chan, &received[0], NULL), 0);
    ck_assert_int_eq(fan_chan_try_send(chan, &(int){44}), EAGAIN);
    ck_assert_int_eq(fan_chan_recv(chan, &received[1], NULL), 0);
    ck_assert_int_eq(received[0], 0);
    ck_assert_int_eq(received[1], 42);
    blocked_finish(&waiting);
}
END_TEST

START_TEST(what_waits_is_served_in_order)
{
    struct fan_chan *chan = fan_chan_new("chan", sizeof(int), blocked_capacities[_i]);
    struct blocked senders[3];
    int received;
    blocked_fill(chan);
    for (int i = 0; i < 3; i++) {
        senders[i] = (struct blocked){.kind = BLOCKED_SEND, .chan = chan, .element = 100 + i};
        senders[i].thread = watch_spawn("sender", blocked_operate, &senders[i]);
        watch_until_so_many_blocked((size_t)i + 1, FAN_OP_SEND);
    }
    for (size_t i = 0; i < fan_chan_capacity(chan); i++)
        ck_assert_int_eq(fan_chan_recv(chan, &received, NULL), 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(fan_chan_recv(chan, &received, NULL), 0);
        ck_assert_int_eq(received, 100 + i);
    }
    for (int i = 0; i < 3; i++)
        fan_thread_join(senders[i].thread);
    fan_chan_free(chan);
}
END_TEST

/* ---- without waiting ------------------------------------------------------------------------- */

START_TEST(a_buffer_takes_as_many_as_it_says)
{
    struct fan_chan *chan = fan_chan_new("chan", sizeof(int), 3);
    ck_assert_uint_eq(fan_chan_capacity(chan), 3);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(fan_chan_length(chan), (size_t)i);
        ck_assert_int_eq(fan_chan_try_send(chan, &i), 0);
    }
    ck_assert_uint_eq(fan_chan_length(chan), 3);
    ck_assert_int_eq(fan_chan_try_send(chan, &(int){9}), EAGAIN);
    fan_chan_free(chan);
}
END_TEST

START_TEST(trying_an_empty_channel_does_not_wait)
{
    int element = 7;
    struct fan_chan *chan = fan_chan_new("chan", sizeof(int), blocked_capacities[_i]);
    ck_assert_int_eq(fan_chan_try_recv(chan, &element), EAGAIN);
    ck_assert_int_eq(element, 7);
    fan_chan_free(chan);
}
END_TEST

START_TEST(trying_to_send_unbuffered_needs_a_receiver)
{
    struct blocked receiver = {.kind = _i ? BLOCKED_SELECT_RECV : BLOCKED_RECV};
    receiver.chan = fan_chan_new("chan", sizeof(int), 0);
    ck_assert_int_eq(fan_chan_try_send(receiver.chan, &(int){1}), EAGAIN);
    blocked_start(&receiver);
    ck_assert_int_eq(fan_chan_try_send(receiver.chan, &(int){2}), 0);
    ck_assert_int_eq(fan_chan_try_send(receiver.chan, &(int){3}), EAGAIN);
    blocked_finish(&receiver);
    ck_assert_int_eq(receiver.error, 0);
    ck_assert_int_eq(receiver.element, 2);
}
END_TEST

START_TEST(trying_to_receive_takes_from_a_waiting_sender)
{
    int element = 0;
    struct blocked sender = {.kind = _i ? BLOCKED_SELECT_SEND : BLOCKED_SEND, .element = 42};
    sender.chan = fan_chan_new("chan", sizeof(int), 0);
    blocked_start(&sender);
    ck_assert_int_eq(fan_chan_try_recv(sender.chan, &element), 0);
    ck_assert_int_eq(element, 42);
    blocked_finish(&sender);
    ck_assert_int_eq(sender.error, 0);
}
END_TEST

/* ---- birth and death ------------------------------------------------------------------------- */

START_TEST(more_than_there_is_memory_cannot_be_had)
{
    ck_assert_ptr_null(fan_chan_new("chan", SIZE_MAX / 2, 4));
    ck_assert_ptr_null(fan_chan_new("chan", 16, SIZE_MAX / 8));
}
END_TEST

static void free_it(void *chan)
{
    fan_chan_free(chan);
}

START_TEST(freeing_a_channel_that_is_waited_on_panics)
{
    struct blocked operation = blocked_somehow(_i, &ctx);
    blocked_start_after_filling(&operation);
    ck_assert_str_eq(suite_panic_of(free_it, operation.chan)->message,
                     "free of channel chan while threads are blocked on it");
    fan_ctx_cancel(&ctx, 0);
    blocked_finish(&operation);
}
END_TEST

START_TEST(freeing_null_does_nothing)
{
    fan_chan_free(NULL);
}
END_TEST

static void send_one(void *chan)
{
    ck_assert_int_eq(fan_chan_send(chan, &(int){42}, NULL), 0);
}

static void close_one(void *chan)
{
    fan_chan_close(chan);
}

/* Receive, then free at once: the sender, and the closer, must not touch it any more.
 * AddressSanitizer sees to that. */
START_TEST(a_channel_may_be_gone_right_after_the_last_receive)
{
    for (int i = 0; i < 200; i++) {
        int element = 0;
        struct fan_chan *results = fan_chan_new("results", sizeof(int), blocked_capacities[_i]);
        struct fan_chan *done = fan_chan_new("done", sizeof(int), blocked_capacities[_i]);
        fan_go("sender", send_one, results);
        fan_go("closer", close_one, done);
        ck_assert_int_eq(fan_chan_recv(results, &element, NULL), 0);
        fan_chan_free(results);
        ck_assert_int_eq(element, 42);
        ck_assert_int_eq(fan_chan_recv(done, &element, NULL), EPIPE);
        fan_chan_free(done);
    }
    fan_thread_wait_all();
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("chan");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_test(cases, elements_come_out_in_the_order_they_went_in);
    tcase_add_loop_test(cases, elements_of_any_size_stay_whole, 0, BLOCKED_CAPACITIES);
    tcase_add_test(cases, a_receive_may_drop_the_element);
    tcase_add_test(cases, a_sender_that_waits_gets_in_before_a_later_one);
    tcase_add_loop_test(cases, what_waits_is_served_in_order, 0, BLOCKED_CAPACITIES);
    tcase_add_test(cases, a_buffer_takes_as_many_as_it_says);
    tcase_add_loop_test(cases, trying_an_empty_channel_does_not_wait, 0, BLOCKED_CAPACITIES);
    tcase_add_loop_test(cases, trying_to_send_unbuffered_needs_a_receiver, 0, 2);
    tcase_add_loop_test(cases, trying_to_receive_takes_from_a_waiting_sender, 0, 2);
    tcase_add_test(cases, more_than_there_is_memory_cannot_be_had);
    tcase_add_loop_test(cases, freeing_a_channel_that_is_waited_on_panics, 0, BLOCKED_WAYS);
    tcase_add_test(cases, freeing_null_does_nothing);
    tcase_add_loop_test(cases, a_channel_may_be_gone_right_after_the_last_receive, 0,
                        BLOCKED_CAPACITIES);
    return suite_run("chan", cases);
}
