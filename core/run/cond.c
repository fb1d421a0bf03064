/* `guard` is taken inside the mutex and never the other way round. */
#include "run/cond.h"

#include "base/panic.h"
#include "run/announce.h"
#include "run/thread_state.h"

static void show_waiting(struct fan_cond *cond)
{
    if (cond->slot)
        FAN_PROBE_SET(cond->slot->waiting_take, cond->waiters.length);
}

static void show_signaller(struct fan_cond *cond, const struct fan_thread *self)
{
    if (!cond->slot)
        return;
    fan_probe_count(&cond->slot->put, 1);
    fan_probe_user(cond->slot->put_users, self->slot_index);
    show_waiting(cond);
}

static size_t list_mutex(const void *argument, const void **objects)
{
    objects[0] = argument;
    return 1;
}

void fan_cond_wait(struct fan_cond *cond, struct fan_mutex *mutex)
{
    struct fan_thread *self = fan_thread_here();
    struct fan_waiter waiter = {.thread = self, .index = 1};
    fan_announce(&(struct fan_announcement){.op = FAN_OP_COND_WAIT,
                                            .pc = __builtin_return_address(0),
                                            .object = cond,
                                            .mode = FAN_TOUCH_WRITE,
                                            .more = list_mutex,
                                            .argument = mutex});
    fan_mutex_must_be_held(mutex, "wait with a mutex that this thread does not hold");
    fan_lock_acquire(&cond->guard);
    if (!cond->slot)
        cond->slot = fan_probe_object_add(FAN_KIND_CONDITION, cond->name, 0, self->id);
    fan_thread_operates(self, FAN_OP_COND_WAIT, cond->slot, __builtin_return_address(0));
    fan_wait_begin(self);
    fan_waitq_push(&cond->waiters, &waiter);
    show_waiting(cond);
    struct fan_probe_wait wait = {.slot = fan_probe_object_slot(cond->slot),
                                  .op = FAN_OP_COND_WAIT,
                                  .kind = FAN_KIND_CONDITION};
    fan_lock_release(&cond->guard);
    fan_mutex_release(mutex);
    fan_wait_park(
        self, &(struct fan_wait_shown){.op = FAN_OP_COND_WAIT, .waits = &wait, .wait_count = 1});
    fan_mutex_lock(mutex);
}

void fan_cond_signal(struct fan_cond *cond)
{
    struct fan_thread *self = fan_thread_here();
    fan_announce_plain(FAN_OP_SIGNAL, cond, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_lock_acquire(&cond->guard);
    struct fan_wakeup wakeup = fan_waitq_fire_one(&cond->waiters, 0);
    show_signaller(cond, self);
    fan_lock_release(&cond->guard);
    fan_wakeup_send(wakeup);
}

void fan_cond_broadcast(struct fan_cond *cond)
{
    struct fan_thread *self = fan_thread_here();
    fan_announce_plain(FAN_OP_SIGNAL, cond, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_lock_acquire(&cond->guard);
    fan_waitq_fire_all(&cond->waiters, 0);
    show_signaller(cond, self);
    fan_lock_release(&cond->guard);
}

void fan_cond_destroy(struct fan_cond *cond)
{
    fan_announce_plain(FAN_OP_DESTROY, cond, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_lock_acquire(&cond->guard);
    bool in_use = !fan_waitq_empty(&cond->waiters);
    fan_lock_release(&cond->guard);
    if (in_use)
        fan_panic_misuse(cond->slot ? cond->slot->id : 0,
                         "destroy of a condition that threads wait on: %s",
                         cond->name ? cond->name : "condition");
    fan_probe_object_drop(cond->slot);
    cond->slot = NULL;
}
