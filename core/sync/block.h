#ifndef FAN_SYNC_BLOCK_H
#define FAN_SYNC_BLOCK_H

#include "base/probe.h"
#include "run/lock.h"
#include "run/thread_state.h"
#include "run/wait.h"
#include "sync/ctx.h"

/* The common case of blocking: one thread waits at one object, with or without a context. (A select
 * waits at several and has its own way, in select.c.) */
struct fan_block {
    struct fan_lock *lock;   /* the object's, held by the caller, released by fan_block */
    struct fan_waitq *queue; /* the object's */
    struct fan_probe_object *slot;
    enum fan_probe_op op;
    enum fan_probe_kind kind;
    uint64_t deadline_ns; /* beside the context's; 0 = none */
    struct fan_ctx *ctx;
};

/* Queues `waiter` (whose element and amount the caller has set), releases the lock and parks.
 * Returns the result that the waiter was fired with, or ECANCELED or ETIMEDOUT for the context, or
 * EAGAIN for block->deadline_ns; then the waiter is in no queue any more. */
int fan_block(const struct fan_block *block, struct fan_waiter *waiter);

/* Shows how many threads wait in the queue; under the object's lock. */
void fan_block_show_waiting(struct fan_probe_object *slot, const struct fan_waitq *queue);

#endif
