/* Permits pass to who waits under `guard`, by who makes them available: a woken thread has them
 * already. Whoever leaves the queue without having been served looks whether those behind can go
 * on. */
#include "sync/semaphore.h"

#include <errno.h>
#include <stdbool.h>

#include "base/panic.h"
#include "run/announce.h"
#include "run/result.h"
#include "run/thread_state.h"
#include "sync/block.h"
#include "sync/tally.h"

static _Noreturn void misuse(const struct fan_semaphore *semaphore, const char *what)
{
    fan_panic_misuse(semaphore->slot ? semaphore->slot->id : 0, "%s: %s", what,
                     semaphore->name ? semaphore->name : "semaphore");
}

void fan_semaphore_init(struct fan_semaphore *semaphore, const char *name, uint64_t permits)
{
    *semaphore = (struct fan_semaphore){.name = name, .permits = permits, .available = permits};
    semaphore->slot =
        fan_probe_object_add(FAN_KIND_SEMAPHORE, name, permits, fan_thread_here()->id);
}

void fan_semaphore_destroy(struct fan_semaphore *semaphore)
{
    fan_announce_plain(FAN_OP_DESTROY, semaphore, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_lock_acquire(&semaphore->guard);
    bool in_use =
        semaphore->available != semaphore->permits || !fan_waitq_empty(&semaphore->waiters);
    fan_lock_release(&semaphore->guard);
    if (in_use)
        misuse(semaphore, "destroy of a semaphore that is in use");
    fan_probe_object_drop(semaphore->slot);
}

static void take(struct fan_semaphore *semaphore, const struct fan_thread *thread, uint64_t amount)
{
    semaphore->available -= amount;
    fan_tally_taken(semaphore->slot, thread, amount);
}

static bool take_if_nobody_is_ahead(struct fan_semaphore *semaphore, const struct fan_thread *self,
                                    uint64_t amount)
{
    if (!fan_waitq_empty(&semaphore->waiters) || amount > semaphore->available)
        return false;
    take(semaphore, self, amount);
    return true;
}

static struct fan_waiter *next_to_serve(struct fan_semaphore *semaphore)
{
    struct fan_waiter *first;
    while ((first = fan_waitq_first(&semaphore->waiters)) &&
           first->amount <= semaphore->available) {
        fan_waitq_remove(&semaphore->waiters, first);
        if (fan_wait_claim(first))
            return first;
    }
    return NULL;
}

/* Serves from the head of the queue while the permits last. All wake-ups but the last, which is
 * returned, are sent at once. */
static struct fan_wakeup serve_waiting(struct fan_semaphore *semaphore)
{
    struct fan_wakeup last = {0};
    struct fan_waiter *waiter;
    while ((waiter = next_to_serve(semaphore))) {
        take(semaphore, waiter->thread, waiter->amount);
        fan_wakeup_send(last);
        last = fan_wait_resume(waiter, 0);
    }
    fan_block_show_waiting(semaphore->slot, &semaphore->waiters);
    return last;
}

static void serve_those_behind(struct fan_semaphore *semaphore)
{
    fan_lock_acquire(&semaphore->guard);
    struct fan_wakeup wakeup = serve_waiting(semaphore);
    fan_lock_release(&semaphore->guard);
    fan_wakeup_send(wakeup);
}

int fan_semaphore_acquire(struct fan_semaphore *semaphore, uint64_t amount, struct fan_ctx *ctx)
{
    struct fan_thread *self = fan_thread_here();
    fan_announce(&(struct fan_announcement){.op = FAN_OP_ACQUIRE,
                                            .pc = __builtin_return_address(0),
                                            .object = semaphore,
                                            .mode = FAN_TOUCH_WRITE,
                                            .context = fan_ctx_root(ctx)});
    fan_thread_operates(self, FAN_OP_ACQUIRE, semaphore->slot, __builtin_return_address(0));
    if (amount == 0 || amount > semaphore->permits)
        return fan_result_of(EINVAL);
    fan_lock_acquire(&semaphore->guard);
    int error = fan_ctx_look_inside(ctx);
    if (error) {
        fan_lock_release(&semaphore->guard);
        return fan_result_of(error);
    }
    if (take_if_nobody_is_ahead(semaphore, self, amount)) {
        fan_lock_release(&semaphore->guard);
        return 0;
    }
    struct fan_waiter waiter = {.amount = amount};
    error = fan_block(&(struct fan_block){.lock = &semaphore->guard,
                                          .queue = &semaphore->waiters,
                                          .slot = semaphore->slot,
                                          .op = FAN_OP_ACQUIRE,
                                          .kind = FAN_KIND_SEMAPHORE,
                                          .ctx = ctx},
                      &waiter);
    if (error)
        serve_those_behind(semaphore);
    else
        fan_announce_learns(semaphore);
    return fan_result_of(error);
}

int fan_semaphore_try_acquire(struct fan_semaphore *semaphore, uint64_t amount)
{
    struct fan_thread *self = fan_thread_here();
    fan_announce_plain(FAN_OP_ACQUIRE, semaphore, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_thread_operates(self, FAN_OP_ACQUIRE, semaphore->slot, __builtin_return_address(0));
    if (amount == 0 || amount > semaphore->permits)
        return fan_result_of(EINVAL);
    fan_lock_acquire(&semaphore->guard);
    bool taken = take_if_nobody_is_ahead(semaphore, self, amount);
    fan_lock_release(&semaphore->guard);
    return fan_result_of(taken ? 0 : EAGAIN);
}

void fan_semaphore_release(struct fan_semaphore *semaphore, uint64_t amount)
{
    struct fan_thread *self = fan_thread_here();
    fan_announce_plain(FAN_OP_RELEASE, semaphore, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_lock_acquire(&semaphore->guard);
    if (amount > semaphore->permits - semaphore->available) {
        fan_lock_release(&semaphore->guard);
        misuse(semaphore, "release of more permits than were taken");
    }
    semaphore->available += amount;
    fan_tally_put(semaphore->slot, self, amount);
    struct fan_wakeup wakeup = {0};
    if (!fan_waitq_empty(&semaphore->waiters))
        wakeup = serve_waiting(semaphore);
    fan_lock_release(&semaphore->guard);
    fan_wakeup_send(wakeup);
}
