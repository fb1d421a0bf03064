/* Closing channels, and contexts that end a wait at one. */
#include "sync/chan.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "run/thread.h"
#include "run/time.h"
#include "sync/select.h"
#include "tests/support/blocked.h"
#include "tests/support/suite.h"
#include "tests/support/watch.h"

static struct fan_ctx ctx;

static void set_up(void)
{
    watch_begin();
    fan_ctx_init(&ctx, NULL);
}

/* ---- closing --------------------------------------------------------------------------------- */

START_TEST(a_closed_channel_is_drained_and_then_says_so)
{
    int element = 7;
    struct fan_chan *chan = fan_chan_new("chan", sizeof(int), 3);
    ck_assert_int_eq(fan_chan_send(chan, &(int){1}, NULL), 0);
    ck_assert_int_eq(fan_chan_send(chan, &(int){2}, NULL), 0);
    fan_chan_close(chan);
    ck_assert_int_eq(fan_chan_recv(chan, &element, NULL), 0);
    ck_assert_int_eq(element, 1);
    ck_assert_int_eq(fan_chan_try_recv(chan, &element), 0);
    ck_assert_int_eq(element, 2);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(fan_chan_recv(chan, &element, NULL), EPIPE);
        ck_assert_int_eq(fan_chan_try_recv(chan, &element), EPIPE);
    }
    ck_assert_int_eq(element, 2);
    fan_chan_free(chan);
}
END_TEST

START_TEST(a_close_wakes_whoever_is_blocked)
{
    struct blocked operation = blocked_somehow(_i, &ctx);
    blocked_start_after_filling(&operation);
    blocked_close(operation.chan);
    fan_thread_join(operation.thread);
    ck_assert_int_eq(operation.panicked, blocked_sends(operation.kind));
    if (operation.panicked) {
        ck_assert_str_eq(operation.panic.message, "send on closed channel chan");
        ck_assert_str_eq(operation.panic.earlier_what, "first closed");
        ck_assert(blocked_leads_through(&operation.panic.earlier, blocked_closed_from));
    } else {
        ck_assert_int_eq(operation.error, EPIPE);
        ck_assert_int_eq(operation.element, 42);
    }
    fan_chan_free(operation.chan);
}
END_TEST

START_TEST(a_close_wakes_all_receivers)
{
    struct fan_chan *chan = fan_chan_new("chan", sizeof(int), blocked_capacities[_i]);
    struct blocked receivers[4];
    for (int i = 0; i < 4; i++) {
        receivers[i] = (struct blocked){.kind = BLOCKED_RECV, .chan = chan};
        receivers[i].thread = watch_spawn("receiver", blocked_operate, &receivers[i]);
    }
    watch_until_so_many_blocked(4, FAN_OP_RECV);
    fan_chan_close(chan);
    for (int i = 0; i < 4; i++) {
        fan_thread_join(receivers[i].thread);
        ck_assert_int_eq(receivers[i].error, EPIPE);
    }
    fan_chan_free(chan);
}
END_TEST

START_TEST(what_a_closed_channel_held_is_kept_when_its_senders_panic)
{
    int element = -1;
    struct blocked sender = {.kind = BLOCKED_SEND, .chan = fan_chan_new("chan", sizeof(int), 3)};
    blocked_start_after_filling(&sender);
    fan_chan_close(sender.chan);
    fan_thread_join(sender.thread);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(fan_chan_recv(sender.chan, &element, NULL), 0);
        ck_assert_int_eq(element, i);
    }
    ck_assert_int_eq(fan_chan_recv(sender.chan, &element, NULL), EPIPE);
    fan_chan_free(sender.chan);
}
END_TEST

static void try_to_send(void *chan)
{
    fan_chan_try_send(chan, &(int){1});
}

START_TEST(sending_on_a_closed_channel_panics)
{
    struct blocked sender = {.kind = _i ? BLOCKED_SELECT_SEND : BLOCKED_SEND};
    sender.chan = fan_chan_new("jobs", sizeof(int), 3);
    blocked_close(sender.chan);
    const struct fan_panic *panic = suite_panic_of(blocked_operate, &sender);
    ck_assert_str_eq(panic->message, "send on closed channel jobs");
    ck_assert(blocked_leads_through(&panic->earlier, blocked_closed_from));
    ck_assert_uint_ne(panic->object, 0);
    ck_assert_str_eq(suite_panic_of(try_to_send, sender.chan)->message,
                     "send on closed channel jobs");
    fan_chan_free(sender.chan);
}
END_TEST

static void close_again(void *chan)
{
    fan_chan_close(chan);
}

START_TEST(closing_twice_panics_with_the_place_of_the_first)
{
    struct fan_chan *chan = fan_chan_new("results", sizeof(int), 0);
    blocked_close(chan);
    const struct fan_panic *panic = suite_panic_of(close_again, chan);
    ck_assert_str_eq(panic->message, "close of closed channel results");
    ck_assert_str_eq(panic->earlier_what, "first closed");
    ck_assert(blocked_leads_through(&panic->earlier, blocked_closed_from));
    ck_assert(!blocked_leads_through(&panic->stack, blocked_closed_from));
    fan_chan_free(chan);
}
END_TEST

START_TEST(closing_null_panics)
{
    ck_assert_str_eq(suite_panic_of(blocked_close, NULL)->message, "close of a NULL channel");
}
END_TEST

/* ---- contexts -------------------------------------------------------------------------------- */

static void check_nothing_happened(const struct blocked *operation)
{
    int element = -1;
    size_t length = blocked_sends(operation->kind) ? fan_chan_capacity(operation->chan) : 0;
    ck_assert(!operation->panicked);
    ck_assert_int_eq(operation->element, 42);
    ck_assert_uint_eq(fan_chan_length(operation->chan), length);
    for (size_t i = 0; i < length; i++) {
        ck_assert_int_eq(fan_chan_try_recv(operation->chan, &element), 0);
        ck_assert_int_eq(element, (int)i);
    }
    ck_assert_int_eq(fan_chan_try_recv(operation->chan, &element), EAGAIN);
}

START_TEST(a_cancel_ends_any_wait_and_nothing_has_happened)
{
    struct blocked operation = blocked_somehow(_i, &ctx);
    blocked_start_after_filling(&operation);
    fan_ctx_cancel(&ctx, 0);
    fan_thread_join(operation.thread);
    ck_assert_int_eq(operation.error, ECANCELED);
    check_nothing_happened(&operation);
    fan_chan_free(operation.chan);
}
END_TEST

START_TEST(a_deadline_ends_any_wait_and_nothing_has_happened)
{
    struct blocked operation = blocked_somehow(_i, &ctx);
    struct fan_ctx brief;
    struct fan_ctx_options options = {.deadline_ns = fan_deadline_after(FAN_MILLISECOND)};
    fan_ctx_init(&brief, &options);
    operation.ctx = &brief;
    if (blocked_sends(operation.kind))
        blocked_fill(operation.chan);
    blocked_operate_and_recover(&operation);
    ck_assert_int_eq(operation.error, ETIMEDOUT);
    check_nothing_happened(&operation);
    fan_chan_free(operation.chan);
    fan_ctx_destroy(&brief);
}
END_TEST

START_TEST(a_cancel_of_one_leaves_the_next_in_the_queue)
{
    struct blocked first = blocked_somehow(_i, &ctx), second = first;
    second.ctx = NULL;
    blocked_start_after_filling(&first);
    second.thread = watch_spawn("second", blocked_operate_and_recover, &second);
    watch_until_blocked("second", blocked_shown_as(second.kind));
    fan_ctx_cancel(&ctx, 0);
    fan_thread_join(first.thread);
    int element = 43;
    if (blocked_sends(first.kind))
        for (size_t i = 0; i <= fan_chan_capacity(first.chan); i++)
            ck_assert_int_eq(fan_chan_recv(first.chan, &element, NULL), 0);
    else
        ck_assert_int_eq(fan_chan_send(first.chan, &element, NULL), 0);
    fan_thread_join(second.thread);
    ck_assert_int_eq(first.error, ECANCELED);
    ck_assert_int_eq(second.error, 0);
    ck_assert_int_eq(element, second.element);
    fan_chan_free(first.chan);
}
END_TEST

START_TEST(a_done_context_wins_over_a_ready_channel)
{
    int element = 7;
    struct fan_chan *chan = fan_chan_new("chan", sizeof(int), 2);
    struct blocked operation = {.chan = chan, .ctx = &ctx, .element = 7};
    ck_assert_int_eq(fan_chan_send(chan, &(int){1}, &ctx), 0);
    fan_ctx_cancel(&ctx, 0);
    for (operation.kind = BLOCKED_SEND; operation.kind < BLOCKED_KINDS; operation.kind++) {
        blocked_operate(&operation);
        ck_assert_int_eq(operation.error, ECANCELED);
    }
    ck_assert_int_eq(operation.element, 7);
    ck_assert_uint_eq(fan_chan_length(chan), 1);
    fan_chan_close(chan);
    ck_assert_int_eq(fan_chan_send(chan, &element, &ctx), ECANCELED);
    ck_assert_int_eq(fan_chan_recv(chan, &element, &ctx), ECANCELED);
    fan_chan_free(chan);
}
END_TEST

START_TEST(a_null_channel_blocks_until_the_context_is_done)
{
    struct blocked operation = {.kind = (enum blocked_kind)_i, .ctx = &ctx, .element = 42};
    blocked_start(&operation);
    fan_ctx_cancel(&ctx, 0);
    fan_thread_join(operation.thread);
    ck_assert_int_eq(operation.error, ECANCELED);
}
END_TEST

START_TEST(trying_a_null_channel_would_block)
{
    int element = 1;
    ck_assert_int_eq(fan_chan_try_send(NULL, &element), EAGAIN);
    ck_assert_int_eq(fan_chan_try_recv(NULL, &element), EAGAIN);
    ck_assert_uint_eq(fan_chan_length(NULL), 0);
    ck_assert_uint_eq(fan_chan_capacity(NULL), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("chan");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_test(cases, a_closed_channel_is_drained_and_then_says_so);
    tcase_add_loop_test(cases, a_close_wakes_whoever_is_blocked, 0, BLOCKED_WAYS);
    tcase_add_loop_test(cases, a_close_wakes_all_receivers, 0, BLOCKED_CAPACITIES);
    tcase_add_test(cases, what_a_closed_channel_held_is_kept_when_its_senders_panic);
    tcase_add_loop_test(cases, sending_on_a_closed_channel_panics, 0, 2);
    tcase_add_test(cases, closing_twice_panics_with_the_place_of_the_first);
    tcase_add_test(cases, closing_null_panics);
    tcase_add_loop_test(cases, a_cancel_ends_any_wait_and_nothing_has_happened, 0, BLOCKED_WAYS);
    tcase_add_loop_test(cases, a_deadline_ends_any_wait_and_nothing_has_happened, 0, BLOCKED_WAYS);
    tcase_add_loop_test(cases, a_cancel_of_one_leaves_the_next_in_the_queue, 0, BLOCKED_WAYS);
    tcase_add_test(cases, a_done_context_wins_over_a_ready_channel);
    tcase_add_loop_test(cases, a_null_channel_blocks_until_the_context_is_done, 0, BLOCKED_KINDS);
    tcase_add_test(cases, trying_a_null_channel_would_block);
    return suite_run("chan, closing and contexts", cases);
}
