/* Channels and selects. */
#define FAN_SIM
#include <errno.h>

#include "tests/support/sync_objects.h"

/* ---- channels ---- */

/* What is sent is a number, and what it stands for: memory that the sender wrote and marked. */
static int send_to(struct fan_chan *chan, int number, struct fan_ctx *ctx)
{
    if (number == 1) {
        FAN_WRITE(sync_the->payload);
        sync_the->payload = 7;
    }
    return fan_chan_send(chan, &number, ctx);
}

static int look_at(int number)
{
    if (number == 1) {
        FAN_READ(sync_the->payload);
        return number + (sync_the->payload != 7);
    }
    return number;
}

static int receive_from(struct fan_chan *chan, struct fan_ctx *ctx)
{
    int number = 0, error = fan_chan_recv(chan, &number, ctx);
    FAN_READ(number);
    return error == EPIPE ? 30 : error ? 31 : look_at(number);
}

static int try_receive_from(struct fan_chan *chan)
{
    int number = 0, error = fan_chan_try_recv(chan, &number);
    return error == EPIPE ? 30 : error ? 31 : look_at(number);
}

SYNC_NOTES(0, receive, receive_from(sync_the->unbuffered, NULL))
SYNC_NOTES(1, send_1, send_to(sync_the->unbuffered, 1, NULL))
SYNC_NOTES(2, send_2, send_to(sync_the->unbuffered, 2, NULL))
SYNC_NOTES(2, receive_as_well, receive_from(sync_the->unbuffered, NULL))
SYNC_NOTES(0, try_receive, try_receive_from(sync_the->unbuffered))
SYNC_NOTES(1, try_send_2, fan_chan_try_send(sync_the->unbuffered, &(int){2}) != 0)
SYNC_NOTES(0, receive_under_context, receive_from(sync_the->unbuffered, &sync_the->ctx))
SYNC_NOTES(1, send_1_under_context, send_to(sync_the->unbuffered, 1, &sync_the->ctx) != 0)

SYNC_NOTES(0, receive_buffered, receive_from(sync_the->buffered, NULL))
SYNC_NOTES(1, send_1_buffered, send_to(sync_the->buffered, 1, NULL))
SYNC_NOTES(2, send_2_buffered, send_to(sync_the->buffered, 2, NULL))
SYNC_NOTES(2, receive_buffered_as_well, receive_from(sync_the->buffered, NULL))
SYNC_NOTES(0, receive_buffered_under_context, receive_from(sync_the->buffered, &sync_the->ctx))
SYNC_NOTES(0, try_receive_buffered, try_receive_from(sync_the->buffered))
SYNC_NOTES(1, try_send_2_buffered, fan_chan_try_send(sync_the->buffered, &(int){2}) != 0)
SYNC_NOTES(2, length_buffered, (int)fan_chan_length(sync_the->buffered))

static void cancel_then_send(void)
{
    sync_cancel();
    send_1();
}

static void cancel_then_receive_buffered(void)
{
    sync_cancel();
    receive_buffered();
}

static void cancel_then_send_buffered(void)
{
    sync_cancel();
    send_1_buffered();
}

static void send_two_under_context(void)
{
    for (int i = 1; i <= 2; i++)
        sync_note(1, fan_chan_send(sync_the->buffered, &i, &sync_the->ctx) != 0);
}

static void receive_two(void)
{
    receive();
    receive();
}

static void receive_two_buffered(void)
{
    receive_buffered();
    receive_buffered();
}

static void send_two_buffered(void)
{
    send_1_buffered();
    sync_note(1, send_to(sync_the->buffered, 2, NULL));
}

static void close_unbuffered(void)
{
    fan_chan_close(sync_the->unbuffered);
}

static void close_buffered(void)
{
    fan_chan_close(sync_the->buffered);
}

static void send_and_close(void)
{
    send_1();
    close_unbuffered();
}

static void send_and_close_buffered(void)
{
    send_1_buffered();
    close_buffered();
}

/* Who has received the close may free the channel, while the close is still returning. */
static void free_when_closed(void)
{
    while (fan_chan_recv(sync_the->unbuffered, NULL, NULL) != EPIPE)
        sync_note(0, 1);
    fan_chan_free(sync_the->unbuffered);
}

static void free_when_closed_buffered(void)
{
    while (fan_chan_recv(sync_the->buffered, NULL, NULL) != EPIPE)
        sync_note(0, 1);
    fan_chan_free(sync_the->buffered);
}

/* ---- select ---- */

static void note_select(int thread, int error, size_t chosen, const struct fan_select_case *cases,
                        int number)
{
    sync_note(thread, error ? 30 : (int)chosen);
    if (!error)
        sync_note(thread, cases[chosen].result                  ? 31
                          : cases[chosen].kind == FAN_CASE_RECV ? number
                                                                : 0);
}

static void select_two_receives(void)
{
    size_t chosen = 0;
    int number = 0;
    struct fan_select_case cases[] = {FAN_RECV(sync_the->unbuffered, &number),
                                      FAN_RECV(sync_the->buffered, &number)};
    int error = fan_select(cases, 2, NULL, &chosen);
    note_select(0, error, chosen, cases, number);
}

/* What a select has left behind in the queue of a case that it did not take would be found now. */
static void select_one_then_the_other(void)
{
    size_t chosen = 0;
    int number = 0;
    struct fan_select_case cases[] = {FAN_RECV(sync_the->unbuffered, &number),
                                      FAN_RECV(sync_the->buffered, &number)};
    int error = fan_select(cases, 2, NULL, &chosen);
    note_select(0, error, chosen, cases, number);
    if (chosen == 0)
        receive_buffered();
    else
        receive();
}

static void try_two_receives(void)
{
    size_t chosen = 0;
    int number = 0;
    struct fan_select_case cases[] = {FAN_RECV(sync_the->unbuffered, &number),
                                      FAN_RECV(sync_the->buffered, &number)};
    int error = fan_select_try(cases, 2, &chosen);
    note_select(0, error, chosen, cases, number);
}

static void select_send_here_or_receive_there(void)
{
    size_t chosen = 0;
    int number = 0;
    struct fan_select_case cases[] = {FAN_SEND(sync_the->unbuffered, &(int){3}),
                                      FAN_RECV(sync_the->other, &number)};
    int error = fan_select(cases, 2, NULL, &chosen);
    note_select(0, error, chosen, cases, number);
}

static void select_receive_here_or_send_there(void)
{
    size_t chosen = 0;
    int number = 0;
    struct fan_select_case cases[] = {FAN_RECV(sync_the->unbuffered, &number),
                                      FAN_SEND(sync_the->other, &(int){4})};
    int error = fan_select(cases, 2, NULL, &chosen);
    note_select(1, error, chosen, cases, number);
}

static void select_both_ways(int thread)
{
    size_t chosen = 0;
    int number = 0;
    struct fan_select_case cases[] = {FAN_SEND(sync_the->unbuffered, &(int){5 + thread}),
                                      FAN_RECV(sync_the->unbuffered, &number)};
    int error = fan_select(cases, 2, NULL, &chosen);
    note_select(thread, error, chosen, cases, number);
}

static void select_both_ways_0(void)
{
    select_both_ways(0);
}

static void select_both_ways_1(void)
{
    select_both_ways(1);
}

static void select_receive_or_done(void)
{
    size_t chosen = 0;
    int number = 0;
    struct fan_select_case cases[] = {FAN_RECV(sync_the->unbuffered, &number),
                                      FAN_DONE(&sync_the->ctx)};
    int error = fan_select(cases, 2, NULL, &chosen);
    note_select(0, error, chosen, cases, number);
}

static void select_under_context(void)
{
    size_t chosen = 0;
    int number = 0;
    struct fan_select_case cases[] = {FAN_RECV(sync_the->unbuffered, &number),
                                      FAN_RECV(sync_the->other, &number)};
    int error = fan_select(cases, 2, &sync_the->ctx, &chosen);
    note_select(0, error, chosen, cases, number);
}

static void select_tick_or_done_under_context(void)
{
    size_t chosen = 0;
    struct fan_select_case cases[] = {FAN_TICK(&sync_the->timer), FAN_DONE(&sync_the->deadline)};
    int error = fan_select(cases, 2, &sync_the->ctx, &chosen);
    note_select(0, error, chosen, cases, 0);
}

static void cancel_then_tick(void)
{
    sync_cancel();
    fan_timer_reset(&sync_the->timer, fan_now_ns(), 0);
}

static void cancel_then_cancel_the_case(void)
{
    sync_cancel();
    fan_ctx_cancel(&sync_the->deadline, 0);
}

static void select_receive_or_tick(void)
{
    size_t chosen = 0;
    int number = 0;
    struct fan_select_case cases[] = {FAN_RECV(sync_the->unbuffered, &number),
                                      FAN_TICK(&sync_the->timer)};
    int error = fan_select(cases, 2, NULL, &chosen);
    note_select(0, error, chosen, cases, number);
}

/* ---- the table ---- */

const struct sync_program sync_chan_programs[] = {
    {"channel", "a send meets a receive", SYNC_THREADS_ARE(receive, send_1), 1},
    {"channel", "two senders", SYNC_THREADS_ARE(receive_two, send_1, send_2), 2},
    {"channel", "two receivers", SYNC_THREADS_ARE(receive, send_1, receive_as_well), 2},
    {"channel", "a buffered send", SYNC_THREADS_ARE(receive_buffered, send_1_buffered), 1},
    {"channel", "two buffered sends", SYNC_THREADS_ARE(receive_two_buffered, send_two_buffered), 1},
    {"channel", "two buffered senders",
     SYNC_THREADS_ARE(receive_buffered, send_1_buffered, send_2_buffered), 2},
    {"channel", "two buffered receivers",
     SYNC_THREADS_ARE(receive_buffered, send_1_buffered, receive_buffered_as_well), 2},
    {"channel", "a close meets a receive", SYNC_THREADS_ARE(receive, close_unbuffered), 1},
    {"channel", "a close meets a buffered receive",
     SYNC_THREADS_ARE(receive_buffered, close_buffered), 1},
    {"channel", "a close meets a send", SYNC_THREADS_ARE(close_unbuffered, send_1), 1},
    {"channel", "a close meets a buffered send", SYNC_THREADS_ARE(close_buffered, send_1_buffered),
     2},
    {"channel", "a close meets both", SYNC_THREADS_ARE(receive, send_1, close_unbuffered), 2},
    {"channel", "a close meets both, buffered",
     SYNC_THREADS_ARE(receive_buffered, send_1_buffered, close_buffered), 2},
    {"channel", "a close meets a close", SYNC_THREADS_ARE(close_unbuffered, close_unbuffered), 1},
    {"channel", "freed when closed", SYNC_THREADS_ARE(free_when_closed, send_and_close), 1},
    {"channel", "freed when closed, buffered",
     SYNC_THREADS_ARE(free_when_closed_buffered, send_and_close_buffered), 1},
    {"channel", "a try meets a send", SYNC_THREADS_ARE(try_receive, send_1), 2},
    {"channel", "a try meets a receive", SYNC_THREADS_ARE(receive, try_send_2), 2},
    {"channel", "a try meets a try", SYNC_THREADS_ARE(try_receive, try_send_2), 1},
    {"channel", "buffered tries", SYNC_THREADS_ARE(try_receive_buffered, try_send_2_buffered), 2},
    {"channel", "its length", SYNC_THREADS_ARE(receive_buffered, send_1_buffered, length_buffered),
     2},
    {"channel", "a cancel meets a receive", SYNC_THREADS_ARE(receive_under_context, sync_cancel),
     1},
    {"channel", "a cancel meets both",
     SYNC_THREADS_ARE(receive_under_context, send_1_under_context, sync_cancel), 2},
    {"channel", "a cancel meets a buffered receive",
     SYNC_THREADS_ARE(receive_buffered_under_context, send_1_buffered, sync_cancel), 2},
    {"channel", "a cancel, then a buffered receive",
     SYNC_THREADS_ARE(cancel_then_receive_buffered, send_two_under_context), 2},
    {"channel", "a cancel, then a buffered send",
     SYNC_THREADS_ARE(receive_buffered_under_context, cancel_then_send_buffered), 1},

    {"select", "of two", SYNC_THREADS_ARE(select_two_receives, send_1, send_2_buffered), 2},
    {"select", "and then the other",
     SYNC_THREADS_ARE(select_one_then_the_other, send_1, send_2_buffered), 2},
    {"select", "or a default", SYNC_THREADS_ARE(try_two_receives, send_1), 2},
    {"select", "or a default, buffered", SYNC_THREADS_ARE(try_two_receives, send_1_buffered), 2},
    {"select", "faces a select",
     SYNC_THREADS_ARE(select_send_here_or_receive_there, select_receive_here_or_send_there), 2},
    {"select", "both ways on one channel", SYNC_THREADS_ARE(select_both_ways_0, select_both_ways_1),
     2},
    {"select", "both ways, and a send", SYNC_THREADS_ARE(select_both_ways_0, send_1), 1},
    {"select", "meets a close", SYNC_THREADS_ARE(select_two_receives, close_unbuffered), 1},
    {"select", "meets a close and a send",
     SYNC_THREADS_ARE(select_two_receives, close_buffered, send_2), 2},
    {"select", "a send meets a close",
     SYNC_THREADS_ARE(select_send_here_or_receive_there, close_unbuffered), 1},
    {"select", "a context as a case", SYNC_THREADS_ARE(select_receive_or_done, send_1, sync_cancel),
     2},
    {"select", "under a context", SYNC_THREADS_ARE(select_under_context, send_1, sync_cancel), 2},
    {"select", "or a tick", SYNC_THREADS_ARE(select_receive_or_tick, send_1), 1},
    {"select", "or a tick that is put off",
     SYNC_THREADS_ARE(select_receive_or_tick, sync_put_tick_off), 1},
    {"select", "a cancel, then a send", SYNC_THREADS_ARE(select_under_context, cancel_then_send),
     1},
    {"select", "a cancel, then a tick",
     SYNC_THREADS_ARE(select_tick_or_done_under_context, cancel_then_tick), 1},
    {"select", "a cancel, then that of a case",
     SYNC_THREADS_ARE(select_tick_or_done_under_context, cancel_then_cancel_the_case), 1},
    {0},
};
