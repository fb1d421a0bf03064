/* The state alone decides who holds the mutex. While its lowest bit is clear, nobody waits and both
 * fast paths are one compare-and-swap; while it is set, every change of the state happens under
 * `guard`, so an observer sees a true owner whenever a thread is shown as waiting for one. */
#include "run/mutex.h"

#include <errno.h>
#include <stdbool.h>

#include "base/panic.h"
#include "run/announce.h"
#include "run/backend.h"
#include "run/held.h"
#include "run/inner.h"
#include "run/result.h"
#include "run/thread_state.h"

enum { WAITED_FOR = 1 };

static uint64_t owned_by(const struct fan_thread *thread)
{
    return thread->id * 2;
}

static uint64_t owner_of(uint64_t state)
{
    return state / 2;
}

static uint64_t load_state(const struct fan_mutex *mutex)
{
    return fan_inner_load(&mutex->state, FAN_RELAXED);
}

static bool change_state(struct fan_mutex *mutex, uint64_t from, uint64_t to)
{
    return fan_inner_compare_exchange(&mutex->state, &from, to, FAN_ACQ_REL, FAN_RELAXED);
}

static const char *name_of(const struct fan_mutex *mutex)
{
    return mutex->name ? mutex->name : "mutex";
}

static _Noreturn void misuse(const struct fan_mutex *mutex, const char *what)
{
    fan_panic_misuse(mutex->slot ? mutex->slot->id : 0, "%s: %s", what, name_of(mutex));
}

static void show_owner(struct fan_mutex *mutex, uint64_t owner)
{
    if (!mutex->slot)
        return;
    fan_probe_open(&mutex->slot->seq);
    FAN_PROBE_SET(mutex->slot->owner, owner);
    FAN_PROBE_SET(mutex->slot->waiting_take, mutex->waiters.length);
    fan_probe_shut(&mutex->slot->seq);
}

static void show_user(struct fan_mutex *mutex, const struct fan_thread *self)
{
    if (!mutex->slot)
        return;
    fan_probe_count(&mutex->slot->taken, 1);
    fan_probe_user(mutex->slot->take_users, self->slot_index);
}

/* With the guard held: takes the mutex if it is free, else marks it as waited for. */
static bool take_or_mark(struct fan_mutex *mutex, struct fan_thread *self)
{
    for (;;) {
        uint64_t state = load_state(mutex);
        bool is_free = owner_of(state) == 0;
        uint64_t waited = !is_free || !fan_waitq_empty(&mutex->waiters) ? WAITED_FOR : 0;
        uint64_t next = (is_free ? owned_by(self) : owner_of(state) * 2) | waited;
        if (state == next || change_state(mutex, state, next)) {
            show_owner(mutex, owner_of(next));
            return is_free;
        }
    }
}

static void wait_for_turn(struct fan_mutex *mutex, struct fan_thread *self)
{
    struct fan_probe_wait wait = {.op = FAN_OP_LOCK, .kind = FAN_KIND_MUTEX};
    struct fan_wait_shown shown = {.op = FAN_OP_LOCK, .waits = &wait, .wait_count = 1};
    bool again = false;
    fan_lock_acquire(&mutex->guard);
    if (!mutex->slot)
        mutex->slot = fan_probe_object_add(FAN_KIND_MUTEX, mutex->name, 1, self->id);
    wait.slot = fan_probe_object_slot(mutex->slot);
    while (!take_or_mark(mutex, self)) {
        struct fan_waiter waiter = {.thread = self, .index = 1};
        fan_wait_begin(self);
        if (again)
            fan_waitq_push_front(&mutex->waiters, &waiter);
        else
            fan_waitq_push(&mutex->waiters, &waiter);
        fan_lock_release(&mutex->guard);
        fan_wait_park(self, &shown);
        again = true;
        fan_lock_acquire(&mutex->guard);
    }
    show_user(mutex, self);
    fan_lock_release(&mutex->guard);
}

static bool free_while_spinning(struct fan_mutex *mutex, struct fan_thread *self)
{
    unsigned spins = fan_backend_spins() / 4;
    for (unsigned turn = 0; turn < spins && !(load_state(mutex) & WAITED_FOR); turn++) {
        if (load_state(mutex) == 0 && change_state(mutex, 0, owned_by(self)))
            return true;
        if (!fan_backend_spin(turn))
            return false;
    }
    return false;
}

struct attempt {
    const struct fan_mutex *mutex;
    uint64_t thread;
};

/* A thread that locks again what it holds gets to hear of it. */
static bool can_lock(const void *argument)
{
    const struct attempt *attempt = argument;
    uint64_t owner = owner_of(load_state(attempt->mutex));
    return owner == 0 || owner == attempt->thread;
}

void fan_mutex_lock(struct fan_mutex *mutex)
{
    struct fan_thread *self = fan_thread_here();
    struct attempt attempt = {mutex, self->id};
    fan_announce(&(struct fan_announcement){.op = FAN_OP_LOCK,
                                            .pc = __builtin_return_address(0),
                                            .object = mutex,
                                            .mode = FAN_TOUCH_WRITE,
                                            .ready = can_lock,
                                            .argument = &attempt});
    fan_result_name(name_of(mutex));
    fan_thread_operates(self, FAN_OP_LOCK, NULL, __builtin_return_address(0));
    if (!change_state(mutex, 0, owned_by(self))) {
        if (owner_of(load_state(mutex)) == self->id)
            misuse(mutex, "lock of a mutex that this thread holds");
        if (!free_while_spinning(mutex, self))
            wait_for_turn(mutex, self);
    }
    fan_held_taken(mutex, name_of(mutex), FAN_HELD_ALONE);
}

/* While a woken thread is on its way to a free mutex, only the guard says who gets it. */
static bool take_before_the_woken(struct fan_mutex *mutex, struct fan_thread *self)
{
    if (owner_of(load_state(mutex)) != 0)
        return false;
    fan_lock_acquire(&mutex->guard);
    bool taken = take_or_mark(mutex, self);
    fan_lock_release(&mutex->guard);
    return taken;
}

int fan_mutex_trylock(struct fan_mutex *mutex)
{
    struct fan_thread *self = fan_thread_here();
    fan_announce_plain(FAN_OP_LOCK, mutex, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_result_name(name_of(mutex));
    fan_thread_operates(self, FAN_OP_LOCK, NULL, __builtin_return_address(0));
    if (!change_state(mutex, 0, owned_by(self)) && !take_before_the_woken(mutex, self))
        return fan_result_of(EBUSY);
    fan_held_taken(mutex, name_of(mutex), FAN_HELD_TRIED);
    return fan_result_of(0);
}

static void free_and_wake(struct fan_mutex *mutex)
{
    fan_lock_acquire(&mutex->guard);
    struct fan_waiter *next = fan_waitq_claim_one(&mutex->waiters);
    fan_inner_store(&mutex->state, next ? WAITED_FOR : 0, FAN_RELEASE);
    show_owner(mutex, 0);
    struct fan_wakeup wakeup = next ? fan_wait_resume(next, 0) : (struct fan_wakeup){0};
    fan_lock_release(&mutex->guard);
    fan_wakeup_send(wakeup);
}

void fan_mutex_must_be_held(const struct fan_mutex *mutex, const char *what)
{
    if (owner_of(load_state(mutex)) != fan_thread_here()->id)
        misuse(mutex, what);
}

void fan_mutex_unlock(struct fan_mutex *mutex)
{
    fan_announce_plain(FAN_OP_UNLOCK, mutex, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_result_name(name_of(mutex));
    fan_mutex_release(mutex);
}

void fan_mutex_release(struct fan_mutex *mutex)
{
    struct fan_thread *self = fan_thread_here();
    fan_mutex_must_be_held(mutex, "unlock of a mutex that this thread does not hold");
    fan_held_left(mutex, FAN_HELD_ALONE);
    if (!change_state(mutex, owned_by(self), 0))
        free_and_wake(mutex);
}

void fan_mutex_destroy(struct fan_mutex *mutex)
{
    fan_announce_plain(FAN_OP_DESTROY, mutex, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_lock_acquire(&mutex->guard);
    bool in_use = load_state(mutex) != 0;
    fan_lock_release(&mutex->guard);
    if (in_use)
        misuse(mutex, "destroy of a mutex that is in use");
    fan_probe_object_drop(mutex->slot);
    mutex->slot = NULL;
}
