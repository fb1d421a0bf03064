#ifndef FAN_TESTS_SUPPORT_BLOCKED_H
#define FAN_TESTS_SUPPORT_BLOCKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/panic.h"
#include "base/probe.h"
#include "sync/chan.h"

/* An operation on a channel that blocks, in a thread of its own called "blocked": a plain one, or a
 * select with a case that is never ready beside it. watch_begin() first. */
enum blocked_kind {
    BLOCKED_SEND,
    BLOCKED_RECV,
    BLOCKED_SELECT_SEND,
    BLOCKED_SELECT_RECV,
    BLOCKED_KINDS,
};

/* Capacities under test; a sender blocks when the channel is full, a receiver when it is empty. */
enum { BLOCKED_CAPACITIES = 3, BLOCKED_WAYS = BLOCKED_KINDS * BLOCKED_CAPACITIES };

extern const size_t blocked_capacities[BLOCKED_CAPACITIES];

struct blocked {
    enum blocked_kind kind;
    struct fan_chan *chan;
    struct fan_ctx *ctx;
    int element;
    /* What came of it. */
    int error;
    bool panicked;
    struct fan_panic panic;
    struct fan_thread *thread;
    uintptr_t returns_to; /* from blocked_operate */
};

bool blocked_sends(enum blocked_kind kind);
enum fan_probe_op blocked_shown_as(enum blocked_kind kind);

/* The i-th way to be blocked: a kind of operation and a capacity, with element 42. */
struct blocked blocked_somehow(int i, struct fan_ctx *ctx);

/* Fills a channel of ints with 0, 1, 2 ... */
void blocked_fill(struct fan_chan *chan);

/* The operation itself, whose argument it is; and one whose panic is kept. */
void blocked_operate(void *operation);
void blocked_operate_and_recover(void *operation);

/* Starts the thread and waits until it blocks; in the latter, after the channel is full if that is
 * what it takes. */
void blocked_start(struct blocked *operation);
void blocked_start_after_filling(struct blocked *operation);

/* Joins the thread and frees the channel. */
void blocked_finish(struct blocked *operation);

/* Closes a channel, and notes where the call of fan_chan_close came from. */
void blocked_close(void *chan);
extern uintptr_t blocked_closed_from;

/* Whether a stack has this return address in it. */
bool blocked_leads_through(const struct fan_stack *stack, uintptr_t address);

#endif
