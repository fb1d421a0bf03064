#include "sync/chan.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "run/thread.h"
#include "run/time.h"
#include "sync/select.h"
#include "tests/support/suite.h"
#include "tests/support/watch.h"

/* ---- an operation that blocks, in a thread of its own ---------------------------------------- */

enum kind { SEND, RECV, SELECT_SEND, SELECT_RECV, KINDS };

/* Capacities under test; a sender blocks when the channel is full, a receiver when it is empty. */
static const size_t capacities[] = {0, 1, 3};
enum { CAPACITIES = 3, BLOCKED_WAYS = KINDS * CAPACITIES };

struct operation {
    enum kind kind;
    struct fan_chan *chan;
    struct fan_ctx *ctx;
    int element;
    int error;
    bool panicked;
    struct fan_panic panic;
    struct fan_thread *thread;
    uintptr_t returns_to; /* from operate() */
};

static struct fan_ctx ctx;

static void set_up(void)
{
    watch_begin();
    fan_ctx_init(&ctx, NULL);
}

static bool sends(enum kind kind)
{
    return kind == SEND || kind == SELECT_SEND;
}

static int select_one(struct operation *operation)
{
    size_t chosen;
    int never;
    struct fan_select_case cases[] = {FAN_RECV(NULL, &never),
                                      FAN_RECV(operation->chan, &operation->element)};
    if (sends(operation->kind))
        cases[1].kind = FAN_CASE_SEND;
    int error = fan_select(cases, 2, operation->ctx, &chosen);
    if (error)
        return error;
    ck_assert_uint_eq(chosen, 1);
    return cases[1].result;
}

static void operate(void *argument)
{
    struct operation *operation = argument;
    operation->returns_to = (uintptr_t)__builtin_return_address(0);
    if (operation->kind == SEND)
        operation->error = fan_chan_send(operation->chan, &operation->element, operation->ctx);
    else if (operation->kind == RECV)
        operation->error = fan_chan_recv(operation->chan, &operation->element, operation->ctx);
    else
        operation->error = select_one(operation);
}

static void operate_and_recover(void *argument)
{
    struct operation *operation = argument;
    operation->panicked = !fan_recover(operate, operation, &operation->panic);
}

static enum fan_probe_op shown_as(enum kind kind)
{
    static const enum fan_probe_op ops[] = {FAN_OP_SEND, FAN_OP_RECV, FAN_OP_SELECT, FAN_OP_SELECT};
    return ops[kind];
}

static void fill(struct fan_chan *chan)
{
    for (size_t i = fan_chan_length(chan); i < fan_chan_capacity(chan); i++)
        ck_assert_int_eq(fan_chan_try_send(chan, &(int){(int)i}), 0);
}

static void start(struct operation *operation)
{
    operation->error = -1;
    operation->thread = watch_spawn("blocked", operate_and_recover, operation);
    watch_until_blocked("blocked", shown_as(operation->kind));
}

/* The i-th way to be blocked: a kind of operation and a capacity, with element 42. */
static struct operation block_somehow(int i)
{
    return (struct operation){.kind = (enum kind)(i % KINDS),
                              .chan = fan_chan_new("chan", sizeof(int), capacities[i / KINDS]),
                              .ctx = &ctx,
                              .element = 42};
}

static void start_blocked(struct operation *operation)
{
    if (sends(operation->kind))
        fill(operation->chan);
    start(operation);
}

static void finish(struct operation *operation)
{
    fan_thread_join(operation->thread);
    fan_chan_free(operation->chan);
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
        struct fan_chan *chan = fan_chan_new("chan", sizes[s], capacities[_i]);
        struct fan_thread *sender = watch_spawn("sender", send_bytes, chan);
        receive_bytes(chan, sizes[s]);
        fan_thread_join(sender);
        fan_chan_free(chan);
    }
}
END_TEST

START_TEST(a_receive_may_drop_the_element)
{
    struct operation sender = {.kind = SEND, .chan = fan_chan_new("chan", sizeof(int), 0)};
    start(&sender);
    ck_assert_int_eq(fan_chan_recv(sender.chan, NULL, NULL), 0);
    finish(&sender);
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
    struct operation waiting = {.kind = SEND, .chan = chan, .element = 42};
    int received[3];
    fill(chan);
    start(&waiting);
    ck_assert_int_eq(fan_chan_try_send(chan, &(int){43}), EAGAIN);
    ck_assert_int_eq(fan_chan_recv(chan, &received[0], NULL), 0);
    ck_assert_int_eq(fan_chan_try_send(chan, &(int){44}), EAGAIN);
    ck_assert_int_eq(fan_chan_recv(chan, &received[1], NULL), 0);
    ck_assert_int_eq(received[0], 0);
    ck_assert_int_eq(received[1], 42);
    finish(&waiting);
}
END_TEST

START_TEST(what_waits_is_served_in_order)
{
    struct fan_chan *chan = fan_chan_new("chan", sizeof(int), capacities[_i]);
    struct operation senders[3];
    int received;
    fill(chan);
    for (int i = 0; i < 3; i++) {
        senders[i] = (struct operation){.kind = SEND, .chan = chan, .element = 100 + i};
        senders[i].thread = watch_spawn("sender", operate, &senders[i]);
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
    struct fan_chan *chan = fan_chan_new("chan", sizeof(int), capacities[_i]);
    ck_assert_int_eq(fan_chan_try_recv(chan, &element), EAGAIN);
    ck_assert_int_eq(element, 7);
    fan_chan_free(chan);
}
END_TEST

START_TEST(trying_to_send_unbuffered_needs_a_receiver)
{
    struct operation receiver = {.kind = _i ? SELECT_RECV : RECV};
    receiver.chan = fan_chan_new("chan", sizeof(int), 0);
    ck_assert_int_eq(fan_chan_try_send(receiver.chan, &(int){1}), EAGAIN);
    start(&receiver);
    ck_assert_int_eq(fan_chan_try_send(receiver.chan, &(int){2}), 0);
    ck_assert_int_eq(fan_chan_try_send(receiver.chan, &(int){3}), EAGAIN);
    finish(&receiver);
    ck_assert_int_eq(receiver.error, 0);
    ck_assert_int_eq(receiver.element, 2);
}
END_TEST

START_TEST(trying_to_receive_takes_from_a_waiting_sender)
{
    int element = 0;
    struct operation sender = {.kind = _i ? SELECT_SEND : SEND, .element = 42};
    sender.chan = fan_chan_new("chan", sizeof(int), 0);
    start(&sender);
    ck_assert_int_eq(fan_chan_try_recv(sender.chan, &element), 0);
    ck_assert_int_eq(element, 42);
    finish(&sender);
    ck_assert_int_eq(sender.error, 0);
}
END_TEST

/* ---- closing --------------------------------------------------------------------------------- */

static uintptr_t close_returns_to;

__attribute__((noinline)) static void close_it(void *chan)
{
    close_returns_to = (uintptr_t)__builtin_return_address(0);
    fan_chan_close(chan);
}

static bool leads_through(const struct fan_stack *stack, uintptr_t address)
{
    for (uint32_t i = 0; i < stack->depth; i++)
        if (stack->frames[i] == address)
            return true;
    return false;
}

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
    struct operation operation = block_somehow(_i);
    start_blocked(&operation);
    close_it(operation.chan);
    fan_thread_join(operation.thread);
    ck_assert_int_eq(operation.panicked, sends(operation.kind));
    if (operation.panicked) {
        ck_assert_str_eq(operation.panic.message, "send on closed channel chan");
        ck_assert_str_eq(operation.panic.earlier_what, "first closed");
        ck_assert(leads_through(&operation.panic.earlier, close_returns_to));
    } else {
        ck_assert_int_eq(operation.error, EPIPE);
        ck_assert_int_eq(operation.element, 42);
    }
    fan_chan_free(operation.chan);
}
END_TEST

START_TEST(a_close_wakes_all_receivers)
{
    struct fan_chan *chan = fan_chan_new("chan", sizeof(int), capacities[_i]);
    struct operation receivers[4];
    for (int i = 0; i < 4; i++) {
        receivers[i] = (struct operation){.kind = RECV, .chan = chan};
        receivers[i].thread = watch_spawn("receiver", operate, &receivers[i]);
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
    struct operation sender = {.kind = SEND, .chan = fan_chan_new("chan", sizeof(int), 3)};
    start_blocked(&sender);
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
    struct operation sender = {.kind = _i ? SELECT_SEND : SEND};
    sender.chan = fan_chan_new("jobs", sizeof(int), 3);
    close_it(sender.chan);
    const struct fan_panic *panic = suite_panic_of(operate, &sender);
    ck_assert_str_eq(panic->message, "send on closed channel jobs");
    ck_assert(leads_through(&panic->earlier, close_returns_to));
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
    close_it(chan);
    const struct fan_panic *panic = suite_panic_of(close_again, chan);
    ck_assert_str_eq(panic->message, "close of closed channel results");
    ck_assert_str_eq(panic->earlier_what, "first closed");
    ck_assert(leads_through(&panic->earlier, close_returns_to));
    ck_assert(!leads_through(&panic->stack, close_returns_to));
    fan_chan_free(chan);
}
END_TEST

START_TEST(closing_null_panics)
{
    ck_assert_str_eq(suite_panic_of(close_it, NULL)->message, "close of a NULL channel");
}
END_TEST

/* ---- contexts -------------------------------------------------------------------------------- */

static void check_nothing_happened(const struct operation *operation)
{
    int element = -1;
    size_t length = sends(operation->kind) ? fan_chan_capacity(operation->chan) : 0;
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
    struct operation operation = block_somehow(_i);
    start_blocked(&operation);
    fan_ctx_cancel(&ctx, 0);
    fan_thread_join(operation.thread);
    ck_assert_int_eq(operation.error, ECANCELED);
    check_nothing_happened(&operation);
    fan_chan_free(operation.chan);
}
END_TEST

START_TEST(a_deadline_ends_any_wait_and_nothing_has_happened)
{
    struct operation operation = block_somehow(_i);
    struct fan_ctx brief;
    struct fan_ctx_options options = {.deadline_ns = fan_deadline_after(FAN_MILLISECOND)};
    fan_ctx_init(&brief, &options);
    operation.ctx = &brief;
    if (sends(operation.kind))
        fill(operation.chan);
    operate_and_recover(&operation);
    ck_assert_int_eq(operation.error, ETIMEDOUT);
    check_nothing_happened(&operation);
    fan_chan_free(operation.chan);
    fan_ctx_destroy(&brief);
}
END_TEST

START_TEST(a_cancel_of_one_leaves_the_next_in_the_queue)
{
    struct operation first = block_somehow(_i), second = first;
    second.ctx = NULL;
    start_blocked(&first);
    second.thread = watch_spawn("second", operate_and_recover, &second);
    watch_until_blocked("second", shown_as(second.kind));
    fan_ctx_cancel(&ctx, 0);
    fan_thread_join(first.thread);
    int element = 43;
    if (sends(first.kind))
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
    struct operation operation = {.chan = chan, .ctx = &ctx, .element = 7};
    ck_assert_int_eq(fan_chan_send(chan, &(int){1}, &ctx), 0);
    fan_ctx_cancel(&ctx, 0);
    for (operation.kind = SEND; operation.kind < KINDS; operation.kind++) {
        operate(&operation);
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
    struct operation operation = {.kind = (enum kind)_i, .ctx = &ctx, .element = 42};
    start(&operation);
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
    struct operation operation = block_somehow(_i);
    start_blocked(&operation);
    ck_assert_str_eq(suite_panic_of(free_it, operation.chan)->message,
                     "free of channel chan while threads are blocked on it");
    fan_ctx_cancel(&ctx, 0);
    finish(&operation);
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

/* Receive, then free at once: the sender, and the closer, must not touch it any more.
 * AddressSanitizer sees to that. */
START_TEST(a_channel_may_be_gone_right_after_the_last_receive)
{
    for (int i = 0; i < 200; i++) {
        int element = 0;
        struct fan_chan *results = fan_chan_new("results", sizeof(int), capacities[_i]);
        struct fan_chan *done = fan_chan_new("done", sizeof(int), capacities[_i]);
        fan_go("sender", send_one, results);
        fan_go("closer", close_again, done);
        ck_assert_int_eq(fan_chan_recv(results, &element, NULL), 0);
        fan_chan_free(results);
        ck_assert_int_eq(element, 42);
        ck_assert_int_eq(fan_chan_recv(done, &element, NULL), EPIPE);
        fan_chan_free(done);
    }
    fan_thread_wait_all();
}
END_TEST

/* ---- what an observer sees ------------------------------------------------------------------- */

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
    close_it(chan);
    ck_assert(watch_object("jobs", &seen));
    ck_assert_uint_eq(seen.closed, 1);
    ck_assert_uint_eq(seen.closer, fan_thread_id(fan_thread_self()));
    ck_assert(leads_through(&seen.closed_at, close_returns_to));
    fan_chan_free(chan);
    ck_assert(!watch_object("jobs", &seen));
}
END_TEST

START_TEST(who_is_blocked_shows_where)
{
    struct fan_probe_object seen;
    struct fan_probe_thread thread;
    struct operation operation = block_somehow(_i);
    start_blocked(&operation);
    ck_assert(watch_object("chan", &seen));
    ck_assert_uint_eq(seen.waiting_put, sends(operation.kind) ? 1 : 0);
    ck_assert_uint_eq(seen.waiting_take, sends(operation.kind) ? 0 : 1);
    ck_assert(watch_thread("blocked", &thread));
    bool selects = shown_as(operation.kind) == FAN_OP_SELECT;
    ck_assert_uint_eq(thread.wait_count, selects ? 3 : 2);
    ck_assert_uint_eq(thread.waits[selects].kind, FAN_KIND_CHANNEL);
    ck_assert_uint_eq(thread.waits[selects].op, sends(operation.kind) ? FAN_OP_SEND : FAN_OP_RECV);
    ck_assert_uint_eq(thread.waits[selects + 1].kind, FAN_KIND_CONTEXT);
    ck_assert(leads_through(&thread.stack, operation.returns_to));
    fan_ctx_cancel(&ctx, 0);
    fan_thread_join(operation.thread);
    ck_assert(watch_object("chan", &seen));
    ck_assert_uint_eq(seen.waiting_put + seen.waiting_take, 0);
    fan_chan_free(operation.chan);
}
END_TEST

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
    tcase_add_test(cases, elements_come_out_in_the_order_they_went_in);
    tcase_add_loop_test(cases, elements_of_any_size_stay_whole, 0, CAPACITIES);
    tcase_add_test(cases, a_receive_may_drop_the_element);
    tcase_add_test(cases, a_sender_that_waits_gets_in_before_a_later_one);
    tcase_add_loop_test(cases, what_waits_is_served_in_order, 0, CAPACITIES);
    tcase_add_test(cases, a_buffer_takes_as_many_as_it_says);
    tcase_add_loop_test(cases, trying_an_empty_channel_does_not_wait, 0, CAPACITIES);
    tcase_add_loop_test(cases, trying_to_send_unbuffered_needs_a_receiver, 0, 2);
    tcase_add_loop_test(cases, trying_to_receive_takes_from_a_waiting_sender, 0, 2);
    tcase_add_test(cases, a_closed_channel_is_drained_and_then_says_so);
    tcase_add_loop_test(cases, a_close_wakes_whoever_is_blocked, 0, BLOCKED_WAYS);
    tcase_add_loop_test(cases, a_close_wakes_all_receivers, 0, CAPACITIES);
    tcase_add_test(cases, what_a_closed_channel_held_is_kept_when_its_senders_panic);
    tcase_add_loop_test(cases, sending_on_a_closed_channel_panics, 0, 2);
    tcase_add_test(cases, closing_twice_panics_with_the_place_of_the_first);
    tcase_add_test(cases, closing_null_panics);
    tcase_add_loop_test(cases, a_cancel_ends_any_wait_and_nothing_has_happened, 0, BLOCKED_WAYS);
    tcase_add_loop_test(cases, a_deadline_ends_any_wait_and_nothing_has_happened, 0, BLOCKED_WAYS);
    tcase_add_loop_test(cases, a_cancel_of_one_leaves_the_next_in_the_queue, 0, BLOCKED_WAYS);
    tcase_add_test(cases, a_done_context_wins_over_a_ready_channel);
    tcase_add_loop_test(cases, a_null_channel_blocks_until_the_context_is_done, 0, KINDS);
    tcase_add_test(cases, trying_a_null_channel_would_block);
    tcase_add_test(cases, more_than_there_is_memory_cannot_be_had);
    tcase_add_loop_test(cases, freeing_a_channel_that_is_waited_on_panics, 0, BLOCKED_WAYS);
    tcase_add_test(cases, freeing_null_does_nothing);
    tcase_add_loop_test(cases, a_channel_may_be_gone_right_after_the_last_receive, 0, CAPACITIES);
    tcase_add_test(cases, a_channel_shows_its_traffic);
    tcase_add_loop_test(cases, who_is_blocked_shows_where, 0, BLOCKED_WAYS);
    tcase_add_test(cases, a_thread_in_the_slot_of_an_ended_one_is_a_user_of_its_own);
    tcase_add_test(cases, without_an_observer_it_works_as_well);
    return suite_run("chan", cases);
}
