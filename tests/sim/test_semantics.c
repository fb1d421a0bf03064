/* Go's rules of channels, select and contexts as a table (tests/support/semantics.h). */
#include <errno.h>
#include <stdint.h>

#include "fan/fan.h"
#include "tests/support/semantics.h"

/* ---- unbuffered channels ---- */

static struct fan_chan *a, *b;
static int value, other;

static void send_1_to_a(void *unused)
{
    (void)unused;
    fan_chan_send(a, &(int){1}, NULL);
}

static void send_2_to_a(void *unused)
{
    (void)unused;
    fan_chan_send(a, &(int){2}, NULL);
}

static void send_2_to_b(void *unused)
{
    (void)unused;
    fan_chan_send(b, &(int){2}, NULL);
}

static void receive_from_a(void *unused)
{
    (void)unused;
    if (fan_chan_recv(a, &other, NULL) != 0)
        other = 9;
}

static void close_a(void *unused)
{
    (void)unused;
    fan_chan_close(a);
}

static void one_receives_from_two(void)
{
    a = fan_chan_new("a", sizeof(int), 0);
    fan_go("one", send_1_to_a, NULL);
    fan_go("two", send_2_to_a, NULL);
    fan_chan_recv(a, &value, NULL);
    fan_chan_recv(a, &other, NULL);
    outcome = (uint64_t)value * 10 + (uint64_t)other;
}

static void a_default_is_taken_before_the_partner_waits(void)
{
    size_t chosen;
    a = fan_chan_new("a", sizeof(int), 0);
    fan_go("one", send_1_to_a, NULL);
    struct fan_select_case cases[] = {FAN_RECV(a, &value)};
    bool ready = fan_select_try(cases, 1, &chosen) == 0;
    if (!ready)
        fan_chan_recv(a, &value, NULL);
    outcome = ready ? 1 : 2;
}

static void two_tries_never_meet(void)
{
    a = fan_chan_new("a", sizeof(int), 0);
    fan_go("one", receive_from_a, NULL);
    bool sent = fan_chan_try_send(a, &(int){1}) == 0;
    if (!sent)
        fan_chan_close(a);
    outcome = sent ? 1 : 2;
}

static void a_close_meets_a_send(void)
{
    a = fan_chan_new("a", sizeof(int), 0);
    fan_go("closer", close_a, NULL);
    fan_chan_send(a, &(int){1}, NULL);
    outcome = 1;
}

static void a_buffer_is_drained_before_the_close_is_seen(void)
{
    a = fan_chan_new("a", sizeof(int), 2);
    fan_chan_send(a, &(int){1}, NULL);
    fan_go("closer", close_a, NULL);
    outcome = fan_chan_recv(a, &value, NULL) == 0 ? 1 : 0;
    outcome += fan_chan_recv(a, &value, NULL) == EPIPE ? 2 : 0;
}

static void a_buffer_of_one_holds_back_the_second(void)
{
    a = fan_chan_new("a", sizeof(int), 1);
    fan_chan_send(a, &(int){1}, NULL);
    outcome = fan_chan_try_send(a, &(int){2}) == EAGAIN ? 1 : 2;
}

/* Go's nil channel. */
static void a_send_to_no_channel_waits_for_ever(void)
{
    fan_chan_send(NULL, &(int){1}, NULL);
    outcome = 1;
}

static void a_receive_from_no_channel_waits_for_ever(void)
{
    fan_chan_recv(NULL, &value, NULL);
    outcome = 1;
}

static void closing_no_channel_is_a_panic(void)
{
    fan_chan_close(NULL);
    outcome = 1;
}

static void no_channel_is_never_ready(void)
{
    size_t chosen;
    a = fan_chan_new("a", sizeof(int), 1);
    fan_go("one", send_1_to_a, NULL);
    struct fan_select_case cases[] = {FAN_RECV(NULL, &value), FAN_SEND(NULL, &value),
                                      FAN_RECV(a, &value)};
    fan_select(cases, 3, NULL, &chosen);
    outcome = chosen;
}

static void no_channel_leaves_the_default(void)
{
    size_t chosen;
    struct fan_select_case cases[] = {FAN_RECV(NULL, &value)};
    outcome = fan_select_try(cases, 1, &chosen) == EAGAIN ? 1 : 2;
    outcome += fan_chan_try_send(NULL, &value) == EAGAIN ? 2 : 0;
}

static void a_select_without_cases_waits_for_ever(void)
{
    size_t chosen;
    fan_select(NULL, 0, NULL, &chosen);
    outcome = 1;
}

/* ---- select ---- */

static void a_send_case_with_a_default(void)
{
    size_t chosen;
    a = fan_chan_new("a", sizeof(int), 0);
    fan_go("one", receive_from_a, NULL);
    struct fan_select_case cases[] = {FAN_SEND(a, &(int){1})};
    bool sent = fan_select_try(cases, 1, &chosen) == 0;
    outcome = sent ? 1 : 2;
    if (!sent)
        fan_chan_send(a, &(int){2}, NULL);
}

static void a_select_takes_either(void)
{
    size_t chosen;
    a = fan_chan_new("a", sizeof(int), 1);
    b = fan_chan_new("b", sizeof(int), 1);
    fan_go("one", send_1_to_a, NULL);
    fan_go("two", send_2_to_b, NULL);
    struct fan_select_case cases[] = {FAN_RECV(a, &value), FAN_RECV(b, &value)};
    fan_select(cases, 2, NULL, &chosen);
    outcome = (uint64_t)value;
}

static void two_selects_meet_once(void *unused)
{
    size_t chosen;
    (void)unused;
    struct fan_select_case cases[] = {FAN_SEND(a, &(int){1}), FAN_RECV(b, &other)};
    fan_select(cases, 2, NULL, &chosen);
}

static void selects_meet_on_one_of_two_channels(void)
{
    size_t chosen;
    a = fan_chan_new("a", sizeof(int), 0);
    b = fan_chan_new("b", sizeof(int), 0);
    fan_go("partner", two_selects_meet_once, NULL);
    struct fan_select_case cases[] = {FAN_RECV(a, &value), FAN_SEND(b, &(int){2})};
    fan_select(cases, 2, NULL, &chosen);
    outcome = chosen + 1;
}

static struct fan_ctx ctx;

static void cancel(void *unused)
{
    (void)unused;
    fan_ctx_cancel(&ctx, 0);
}

static void a_done_context_wins_over_a_ready_case(void)
{
    fan_ctx_init(&ctx, NULL);
    a = fan_chan_new("a", sizeof(int), 1);
    fan_chan_send(a, &(int){1}, NULL);
    struct fan_thread *canceller;
    fan_thread_spawn(NULL, cancel, NULL, &canceller);
    fan_thread_join(canceller);
    outcome = fan_chan_recv(a, &value, &ctx) == ECANCELED ? 1 : 2;
}

static void a_context_as_a_case_is_one_among_others(void)
{
    size_t chosen;
    fan_ctx_init(&ctx, NULL);
    a = fan_chan_new("a", sizeof(int), 1);
    fan_chan_send(a, &(int){1}, NULL);
    fan_ctx_cancel(&ctx, 0);
    struct fan_select_case cases[] = {FAN_RECV(a, &value), FAN_DONE(&ctx)};
    fan_select(cases, 2, NULL, &chosen);
    outcome = chosen + 1;
}

static const struct semantics_row table[] = {
    {"either sender first", one_receives_from_two, EITHER(12, 21)},
    {"default while announced", a_default_is_taken_before_the_partner_waits, EITHER(1, 2)},
    {"try meets only who waits", two_tries_never_meet, EITHER(1, 2)},
    {"close and send", a_close_meets_a_send, ONLY(PANIC)},
    {"drained, then closed", a_buffer_is_drained_before_the_close_is_seen, ONLY(3)},
    {"select, either", a_select_takes_either, EITHER(1, 2)},
    {"selects meet", selects_meet_on_one_of_two_channels, EITHER(1, 2)},
    {"done context wins", a_done_context_wins_over_a_ready_case, ONLY(1)},
    {"done context as a case", a_context_as_a_case_is_one_among_others, EITHER(1, 2)},
    {"full buffer", a_buffer_of_one_holds_back_the_second, ONLY(1)},
    {"nil channel, send", a_send_to_no_channel_waits_for_ever, ONLY(STUCK)},
    {"nil channel, receive", a_receive_from_no_channel_waits_for_ever, ONLY(STUCK)},
    {"nil channel, close", closing_no_channel_is_a_panic, ONLY(PANIC)},
    {"nil channel, select", no_channel_is_never_ready, ONLY(2)},
    {"nil channel, default", no_channel_leaves_the_default, ONLY(3)},
    {"select of nothing", a_select_without_cases_waits_for_ever, ONLY(STUCK)},
    {"send case or default", a_send_case_with_a_default, EITHER(1, 2)},
};

int main(void)
{
    return semantics_run("semantics of channels", table, sizeof table / sizeof table[0]);
}
