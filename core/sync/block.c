/* Locks are taken in this order: the object's, then the context's guard, then the wait guard. */
#include "sync/block.h"

#include <errno.h>

enum {
    BY_OBJECT = 1,
    BY_CONTEXT,
};

void fan_block_show_waiting(struct fan_probe_object *slot, const struct fan_waitq *queue)
{
    if (slot)
        FAN_PROBE_SET(slot->waiting_take, queue->length);
}

static uint64_t earliest(uint64_t own_ns, uint64_t context_ns)
{
    if (own_ns == 0 || context_ns == 0)
        return own_ns + context_ns;
    return own_ns < context_ns ? own_ns : context_ns;
}

static void leave(const struct fan_block *block, struct fan_waiter *waiter)
{
    fan_lock_acquire(block->lock);
    fan_waitq_remove(block->queue, waiter);
    fan_block_show_waiting(block->slot, block->queue);
    fan_lock_release(block->lock);
}

static uint32_t park(const struct fan_block *block, struct fan_thread *self)
{
    struct fan_probe_wait waits[2] = {
        {.slot = fan_probe_object_slot(block->slot), .op = block->op, .kind = block->kind},
        {.op = FAN_OP_CONTEXT_WAIT, .kind = FAN_KIND_CONTEXT}};
    if (block->ctx)
        waits[1].slot = fan_probe_object_slot(block->ctx->slot);
    return fan_wait_park(
        self, &(struct fan_wait_shown){
                  .op = block->op,
                  .waits = waits,
                  .wait_count = block->ctx ? 2 : 1,
                  .deadline_ns = earliest(block->deadline_ns, fan_ctx_deadline(block->ctx))});
}

int fan_block(const struct fan_block *block, struct fan_waiter *waiter)
{
    struct fan_thread *self = fan_thread_here();
    struct fan_waiter at_context = {.thread = self, .index = BY_CONTEXT};
    waiter->thread = self;
    waiter->index = BY_OBJECT;
    fan_wait_begin(self);
    fan_waitq_push(block->queue, waiter);
    int error = fan_ctx_watch(block->ctx, &at_context);
    if (error)
        fan_waitq_remove(block->queue, waiter);
    fan_block_show_waiting(block->slot, block->queue);
    fan_lock_release(block->lock);
    if (error)
        return error;
    uint32_t fired = park(block, self);
    fan_ctx_unwatch(block->ctx, &at_context);
    if (fired == BY_OBJECT)
        return waiter->result;
    leave(block, waiter);
    error = fan_ctx_look(block->ctx);
    return error ? error : EAGAIN;
}
