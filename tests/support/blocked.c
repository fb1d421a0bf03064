#include "tests/support/blocked.h"

#include <check.h>

#include "run/thread.h"
#include "sync/select.h"
#include "tests/support/watch.h"

const size_t blocked_capacities[BLOCKED_CAPACITIES] = {0, 1, 3};

bool blocked_sends(enum blocked_kind kind)
{
    return kind == BLOCKED_SEND || kind == BLOCKED_SELECT_SEND;
}

static int select_one(struct blocked *operation)
{
    size_t chosen;
    int never;
    struct fan_select_case cases[] = {FAN_RECV(NULL, &never),
                                      FAN_RECV(operation->chan, &operation->element)};
    if (blocked_sends(operation->kind))
        cases[1].kind = FAN_CASE_SEND;
    int error = fan_select(cases, 2, operation->ctx, &chosen);
    if (error)
        return error;
    ck_assert_uint_eq(chosen, 1);
    return cases[1].result;
}

void blocked_operate(void *argument)
{
    struct blocked *operation = argument;
    operation->returns_to = (uintptr_t)__builtin_return_address(0);
    if (operation->kind == BLOCKED_SEND)
        operation->error = fan_chan_send(operation->chan, &operation->element, operation->ctx);
    else if (operation->kind == BLOCKED_RECV)
        operation->error = fan_chan_recv(operation->chan, &operation->element, operation->ctx);
    else
        operation->error = select_one(operation);
}

void blocked_operate_and_recover(void *argument)
{
    struct blocked *operation = argument;
    operation->panicked = !fan_recover(blocked_operate, operation, &operation->panic);
}

enum fan_probe_op blocked_shown_as(enum blocked_kind kind)
{
    static const enum fan_probe_op ops[] = {FAN_OP_SEND, FAN_OP_RECV, FAN_OP_SELECT, FAN_OP_SELECT};
    return ops[kind];
}

void blocked_fill(struct fan_chan *chan)
{
    for (size_t i = fan_chan_length(chan); i < fan_chan_capacity(chan); i++)
        ck_assert_int_eq(fan_chan_try_send(chan, &(int){(int)i}), 0);
}

void blocked_start(struct blocked *operation)
{
    operation->error = -1;
    operation->thread = watch_spawn("blocked", blocked_operate_and_recover, operation);
    watch_until_blocked("blocked", blocked_shown_as(operation->kind));
}

struct blocked blocked_somehow(int i, struct fan_ctx *ctx)
{
    return (struct blocked){
        .kind = (enum blocked_kind)(i % BLOCKED_KINDS),
        .chan = fan_chan_new("chan", sizeof(int), blocked_capacities[i / BLOCKED_KINDS]),
        .ctx = ctx,
        .element = 42};
}

void blocked_start_after_filling(struct blocked *operation)
{
    if (blocked_sends(operation->kind))
        blocked_fill(operation->chan);
    blocked_start(operation);
}

void blocked_finish(struct blocked *operation)
{
    fan_thread_join(operation->thread);
    fan_chan_free(operation->chan);
}

uintptr_t blocked_closed_from;

__attribute__((noinline)) void blocked_close(void *chan)
{
    blocked_closed_from = (uintptr_t)__builtin_return_address(0);
    fan_chan_close(chan);
}

bool blocked_leads_through(const struct fan_stack *stack, uintptr_t address)
{
    for (uint32_t i = 0; i < stack->depth; i++)
        if (stack->frames[i] == address)
            return true;
    return false;
}
