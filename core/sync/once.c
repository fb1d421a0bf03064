/* `done` decides alone where it is set; who finds it clear decides under `guard` who runs. */
#include "sync/once.h"

#include <stdbool.h>

#include "base/panic.h"
#include "run/announce.h"
#include "run/inner.h"
#include "run/thread_state.h"
#include "sync/block.h"
#include "sync/tally.h"

static _Noreturn void misuse(const struct fan_once *once, const char *what)
{
    fan_panic_misuse(once->slot ? once->slot->id : 0, "%s: %s", what,
                     once->name ? once->name : "once");
}

static bool is_done(const struct fan_once *once)
{
    return fan_inner_load(&once->done, FAN_ACQUIRE);
}

static void show_change(struct fan_once *once)
{
    struct fan_probe_object *slot = once->slot;
    if (!slot)
        return;
    fan_probe_open(&slot->seq);
    FAN_PROBE_SET(slot->closed, once->done);
    FAN_PROBE_SET(slot->owner, once->runner);
    FAN_PROBE_SET(slot->waiting_take, once->waiters.length);
    fan_probe_shut(&slot->seq);
}

static void finish(struct fan_once *once, const struct fan_thread *self)
{
    fan_announce_plain(FAN_OP_ONCE, once, FAN_TOUCH_WRITE, NULL);
    fan_lock_acquire(&once->guard);
    fan_inner_store(&once->done, 1, FAN_RELEASE);
    once->runner = 0;
    fan_waitq_fire_all(&once->waiters, 0);
    fan_tally_put(once->slot, self, 1);
    show_change(once);
    fan_lock_release(&once->guard);
}

/* A panic that no scope would catch is let through untouched: the program ends in it. */
static void run_and_finish(struct fan_once *once, const struct fan_thread *self,
                           void (*function)(void *), void *argument)
{
    struct fan_panic panic;
    bool returned = true;
    if (fan_panic_is_caught())
        returned = fan_recover(function, argument, &panic);
    else
        function(argument);
    finish(once, self);
    if (!returned)
        fan_panic_again(&panic);
}

/* With the guard held, which it releases. Who ran the function may still hold it when the wait is
 * over, and the once may be gone right after that; hence the second look. */
static void wait_for_runner(struct fan_once *once, const struct fan_thread *self)
{
    struct fan_waiter waiter = {0};
    if (!once->slot)
        once->slot = fan_probe_object_add(FAN_KIND_ONCE, once->name, 0, self->id);
    show_change(once);
    fan_block(&(struct fan_block){.lock = &once->guard,
                                  .queue = &once->waiters,
                                  .slot = once->slot,
                                  .op = FAN_OP_ONCE,
                                  .kind = FAN_KIND_ONCE},
              &waiter);
    fan_lock_acquire(&once->guard);
    fan_lock_release(&once->guard);
}

/* Decides under the guard, which it releases, who runs the function; the others return when it is
 * done. */
static bool becomes_runner(struct fan_once *once, const struct fan_thread *self)
{
    if (is_done(once)) {
        fan_lock_release(&once->guard);
        return false;
    }
    if (once->runner == self->id) {
        fan_lock_release(&once->guard);
        misuse(once, "a once is called from the function that it calls");
    }
    if (once->runner) {
        wait_for_runner(once, self);
        return false;
    }
    once->runner = self->id;
    fan_lock_release(&once->guard);
    return true;
}

struct call {
    const struct fan_once *once;
    uint64_t thread;
};

/* A function that calls its own once gets to hear of it. */
static bool need_not_wait(const void *argument)
{
    const struct call *call = argument;
    return call->once->done || !call->once->runner || call->once->runner == call->thread;
}

void fan_once(struct fan_once *once, void (*function)(void *), void *argument)
{
    struct fan_thread *self = fan_thread_here();
    struct call call = {once, self->id};
    fan_announce(&(struct fan_announcement){.op = FAN_OP_ONCE,
                                            .pc = __builtin_return_address(0),
                                            .object = once,
                                            .mode = FAN_TOUCH_WRITE,
                                            .ready = need_not_wait,
                                            .argument = &call});
    if (is_done(once))
        return;
    fan_lock_acquire(&once->guard);
    fan_thread_operates(self, FAN_OP_ONCE, once->slot, __builtin_return_address(0));
    if (becomes_runner(once, self))
        run_and_finish(once, self, function, argument);
}

void fan_once_destroy(struct fan_once *once)
{
    fan_announce_plain(FAN_OP_DESTROY, once, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_lock_acquire(&once->guard);
    bool in_use = once->runner != 0;
    fan_lock_release(&once->guard);
    if (in_use)
        misuse(once, "destroy of a once whose function is running");
    fan_probe_object_drop(once->slot);
    once->slot = NULL;
}
