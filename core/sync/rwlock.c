/* The lock passes to who waits under `guard`, by who unlocks it: a woken thread holds it already.
 * Readers next to each other in the queue get in together. */
#include "sync/rwlock.h"

#include <stdbool.h>

#include "base/panic.h"
#include "run/announce.h"
#include "run/held.h"
#include "run/result.h"
#include "run/thread_state.h"
#include "sync/block.h"
#include "sync/tally.h"

/* Values of a waiter's `amount`. */
enum {
    READER,
    WRITER,
};

static const char *name_of(const struct fan_rwlock *rwlock)
{
    return rwlock->name ? rwlock->name : "rwlock";
}

static _Noreturn void misuse(const struct fan_rwlock *rwlock, const char *what)
{
    fan_panic_misuse(rwlock->slot ? rwlock->slot->id : 0, "%s: %s", what, name_of(rwlock));
}

static bool may_enter(const struct fan_rwlock *rwlock, uint64_t as)
{
    return rwlock->writer == 0 && (as == READER || rwlock->readers == 0);
}

static void enter(struct fan_rwlock *rwlock, const struct fan_thread *thread, uint64_t as)
{
    if (as == WRITER)
        rwlock->writer = thread->id;
    else
        rwlock->readers++;
    fan_tally_taken(rwlock->slot, thread, 1);
}

static void show_change(struct fan_rwlock *rwlock)
{
    struct fan_probe_object *slot = rwlock->slot;
    if (!slot)
        return;
    fan_probe_open(&slot->seq);
    FAN_PROBE_SET(slot->owner, rwlock->writer);
    FAN_PROBE_SET(slot->waiting_take, rwlock->waiters.length);
    fan_probe_shut(&slot->seq);
}

/* Shows the lock from now on. What is taken and not put back is how many hold it. */
static void take_slot(struct fan_rwlock *rwlock, const struct fan_thread *self)
{
    if (rwlock->slot)
        return;
    rwlock->slot = fan_probe_object_add(FAN_KIND_RWLOCK, rwlock->name, 1, self->id);
    if (rwlock->slot)
        fan_probe_count(&rwlock->slot->taken, rwlock->readers + (rwlock->writer != 0));
    show_change(rwlock);
}

/* With the guard held, which it releases. */
static void wait_for_turn(struct fan_rwlock *rwlock, struct fan_thread *self, uint64_t as,
                          enum fan_probe_op op)
{
    struct fan_waiter waiter = {.amount = as};
    take_slot(rwlock, self);
    fan_block(&(struct fan_block){.lock = &rwlock->guard,
                                  .queue = &rwlock->waiters,
                                  .slot = rwlock->slot,
                                  .op = op,
                                  .kind = FAN_KIND_RWLOCK},
              &waiter);
}

static void lock(struct fan_rwlock *rwlock, uint64_t as, enum fan_probe_op op, void *pc)
{
    struct fan_thread *self = fan_thread_here();
    fan_announce_plain(op, rwlock, FAN_TOUCH_WRITE, pc);
    fan_result_name(name_of(rwlock));
    fan_lock_acquire(&rwlock->guard);
    fan_thread_operates(self, op, rwlock->slot, pc);
    if (rwlock->writer == self->id) {
        fan_lock_release(&rwlock->guard);
        misuse(rwlock, "lock of a reader-writer lock that this thread holds for writing");
    }
    if (fan_waitq_empty(&rwlock->waiters) && may_enter(rwlock, as)) {
        enter(rwlock, self, as);
        show_change(rwlock);
        fan_lock_release(&rwlock->guard);
    } else {
        wait_for_turn(rwlock, self, as, op);
    }
    fan_held_taken(rwlock, name_of(rwlock), as == READER ? FAN_HELD_SHARED : FAN_HELD_ALONE);
}

void fan_rwlock_lock_shared(struct fan_rwlock *rwlock)
{
    lock(rwlock, READER, FAN_OP_LOCK_SHARED, __builtin_return_address(0));
}

void fan_rwlock_lock(struct fan_rwlock *rwlock)
{
    lock(rwlock, WRITER, FAN_OP_LOCK, __builtin_return_address(0));
}

static struct fan_waiter *next_to_enter(struct fan_rwlock *rwlock)
{
    struct fan_waiter *first = fan_waitq_first(&rwlock->waiters);
    return first && may_enter(rwlock, first->amount) ? fan_waitq_claim_one(&rwlock->waiters) : NULL;
}

/* All wake-ups but the last, which is returned, are sent at once. */
static struct fan_wakeup let_waiting_in(struct fan_rwlock *rwlock)
{
    struct fan_wakeup last = {0};
    struct fan_waiter *waiter;
    while ((waiter = next_to_enter(rwlock))) {
        enter(rwlock, waiter->thread, waiter->amount);
        fan_wakeup_send(last);
        last = fan_wait_resume(waiter, 0);
    }
    return last;
}

/* With the guard held, which it releases. */
static void leave(struct fan_rwlock *rwlock, const struct fan_thread *self)
{
    fan_tally_put(rwlock->slot, self, 1);
    struct fan_wakeup wakeup = let_waiting_in(rwlock);
    show_change(rwlock);
    fan_lock_release(&rwlock->guard);
    fan_wakeup_send(wakeup);
}

void fan_rwlock_unlock_shared(struct fan_rwlock *rwlock)
{
    struct fan_thread *self = fan_thread_here();
    fan_announce_plain(FAN_OP_UNLOCK, rwlock, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_result_name(name_of(rwlock));
    fan_lock_acquire(&rwlock->guard);
    if (rwlock->readers == 0) {
        fan_lock_release(&rwlock->guard);
        misuse(rwlock, "unlock of a reader-writer lock that nobody holds for reading");
    }
    fan_held_left(rwlock, FAN_HELD_SHARED);
    rwlock->readers--;
    leave(rwlock, self);
}

void fan_rwlock_unlock(struct fan_rwlock *rwlock)
{
    struct fan_thread *self = fan_thread_here();
    fan_announce_plain(FAN_OP_UNLOCK, rwlock, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_result_name(name_of(rwlock));
    fan_lock_acquire(&rwlock->guard);
    if (rwlock->writer != self->id) {
        fan_lock_release(&rwlock->guard);
        misuse(rwlock, "unlock of a reader-writer lock that this thread does not hold for writing");
    }
    fan_held_left(rwlock, FAN_HELD_ALONE);
    rwlock->writer = 0;
    leave(rwlock, self);
}

void fan_rwlock_destroy(struct fan_rwlock *rwlock)
{
    fan_announce_plain(FAN_OP_DESTROY, rwlock, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_lock_acquire(&rwlock->guard);
    bool in_use = rwlock->readers != 0 || rwlock->writer != 0;
    fan_lock_release(&rwlock->guard);
    if (in_use)
        misuse(rwlock, "destroy of a reader-writer lock that is in use");
    fan_probe_object_drop(rwlock->slot);
    rwlock->slot = NULL;
}
