/* A queue is guarded by its object's lock. A thread's `fired` and `shown` are guarded by its wait
 * guard, which is taken last: inside any object's lock, and with no other guard held. */
#include "run/wait.h"

#include <stddef.h>

#include "base/clock.h"
#include "run/backend.h"
#include "run/inner.h"
#include "run/thread_state.h"

/* Values of fan_wait.word. A thread that finds AWAKE goes on; a waker that finds ASLEEP wakes it.
 */
enum {
    WAITING,
    ASLEEP,
    AWAKE,
};

enum { FIRED_BY_DEADLINE = UINT32_MAX };

static void prepare(struct fan_waitq *queue)
{
    if (!queue->head.next)
        fan_list_init(&queue->head);
}

void fan_waitq_push(struct fan_waitq *queue, struct fan_waiter *waiter)
{
    prepare(queue);
    fan_list_insert(&waiter->link, &queue->head);
    queue->length++;
}

void fan_waitq_push_front(struct fan_waitq *queue, struct fan_waiter *waiter)
{
    prepare(queue);
    fan_list_insert(&waiter->link, queue->head.next);
    queue->length++;
}

struct fan_waiter *fan_waitq_first(struct fan_waitq *queue)
{
    return queue->length ? FAN_LIST_ELEMENT(queue->head.next, struct fan_waiter, link) : NULL;
}

struct fan_waiter *fan_waitq_pop(struct fan_waitq *queue)
{
    struct fan_waiter *first = fan_waitq_first(queue);
    if (first)
        fan_waitq_remove(queue, first);
    return first;
}

void fan_waitq_remove(struct fan_waitq *queue, struct fan_waiter *waiter)
{
    if (fan_list_empty(&waiter->link))
        return;
    fan_list_remove(&waiter->link);
    queue->length--;
}

void fan_wait_begin(struct fan_thread *self)
{
    self->wait.fired = 0;
    self->wait.shown = false;
    __atomic_store_n(&self->wait.word, WAITING, __ATOMIC_RELAXED);
}

static void show_runnable(struct fan_probe_thread *slot)
{
    fan_probe_open(&slot->seq);
    FAN_PROBE_SET(slot->state, FAN_STATE_RUNNABLE);
    fan_probe_shut(&slot->seq);
}

/* Claims the wait of `thread` for waiter `index`; only the first claim succeeds. */
static bool claim(struct fan_thread *thread, uint32_t index)
{
    bool first;
    fan_lock_acquire(&thread->wait.guard);
    first = thread->wait.fired == 0;
    if (first) {
        thread->wait.fired = index;
        if (thread->wait.shown)
            show_runnable(thread->slot);
    }
    fan_lock_release(&thread->wait.guard);
    return first;
}

bool fan_wait_claim(struct fan_waiter *waiter)
{
    return claim(waiter->thread, waiter->index);
}

struct fan_wakeup fan_wait_resume(struct fan_waiter *waiter, int result)
{
    uint32_t *word = &waiter->thread->wait.word;
    waiter->result = result;
    bool asleep = fan_inner_exchange(word, AWAKE, FAN_RELEASE) == ASLEEP;
    return (struct fan_wakeup){asleep ? word : NULL};
}

void fan_wakeup_send(struct fan_wakeup wakeup)
{
    if (wakeup.word)
        fan_backend_wake(wakeup.word, 1);
}

struct fan_waiter *fan_waitq_claim_one(struct fan_waitq *queue)
{
    struct fan_waiter *waiter;
    while ((waiter = fan_waitq_pop(queue)))
        if (fan_wait_claim(waiter))
            return waiter;
    return NULL;
}

struct fan_wakeup fan_waitq_fire_one(struct fan_waitq *queue, int result)
{
    struct fan_waiter *waiter = fan_waitq_claim_one(queue);
    return waiter ? fan_wait_resume(waiter, result) : (struct fan_wakeup){0};
}

void fan_waitq_fire_all(struct fan_waitq *queue, int result)
{
    struct fan_waiter *waiter;
    while ((waiter = fan_waitq_claim_one(queue)))
        fan_wakeup_send(fan_wait_resume(waiter, result));
}

static bool awake(struct fan_wait *wait)
{
    return fan_inner_load(&wait->word, FAN_ACQUIRE) == AWAKE;
}

enum { FEWEST_TURNS = FAN_SPIN_SHORT + 8, PROBE_EVERY = 32 };

/* Spins for a bounded while: a partner on another processor is often about to come, and a sleep
 * costs two system calls. The bound adapts: it halves whenever spinning was in vain, so that a
 * thread that waits for long hardly spins at all; and now and then it is as long as a wake-up
 * takes, or two partners that both sleep at every turn would never get out of step. */
static unsigned turns_to_spin(struct fan_wait *wait)
{
    unsigned most = fan_backend_spins();
    if (++wait->parks % PROBE_EVERY == 1) {
        wait->shares_processor = false;
        return most;
    }
    unsigned turns = most >> wait->vain;
    return turns > FEWEST_TURNS ? turns : most < FEWEST_TURNS ? most : FEWEST_TURNS;
}

/* Where the partner came as soon as it was given the processor, it waits for just that: the next
 * time it gets it at once. */
static bool woken_while_spinning(struct fan_wait *wait)
{
    unsigned turns = turns_to_spin(wait);
    for (unsigned turn = wait->shares_processor ? FAN_SPIN_SHORT : 0; turn < turns; turn++) {
        if (awake(wait)) {
            wait->shares_processor = turn == FAN_SPIN_SHORT + 1;
            wait->vain -= wait->vain > 0;
            return true;
        }
        if (!fan_backend_spin(turn))
            break;
    }
    wait->vain += wait->vain < 8;
    return awake(wait);
}

static void show_blocked(struct fan_probe_thread *slot, const struct fan_wait_shown *shown,
                         const struct fan_stack *stack)
{
    uint32_t count = shown->wait_count < FAN_PROBE_WAITS ? shown->wait_count : FAN_PROBE_WAITS;
    uint64_t now_ns = fan_clock_ns();
    fan_probe_open(&slot->seq);
    FAN_PROBE_SET(slot->state, FAN_STATE_BLOCKED);
    FAN_PROBE_SET(slot->op, shown->op);
    FAN_PROBE_SET(slot->wait_count, shown->wait_count);
    for (uint32_t i = 0; i < count; i++) {
        FAN_PROBE_SET(slot->waits[i].slot, shown->waits[i].slot);
        FAN_PROBE_SET(slot->waits[i].op, shown->waits[i].op);
        FAN_PROBE_SET(slot->waits[i].kind, shown->waits[i].kind);
    }
    FAN_PROBE_SET(slot->since_ns, now_ns);
    FAN_PROBE_SET(slot->deadline_ns, shown->deadline_ns);
    fan_probe_set_stack(&slot->stack, stack);
    fan_probe_shut(&slot->seq);
}

static void show_blocked_unless_fired(struct fan_thread *self, const struct fan_wait_shown *shown)
{
    if (!self->slot)
        return;
    struct fan_stack stack;
    fan_stack_capture(&stack, 0);
    fan_lock_acquire_to_show(&self->wait.guard);
    if (self->wait.fired == 0) {
        show_blocked(self->slot, shown, &stack);
        self->wait.shown = true;
    }
    fan_lock_release_to_show(&self->wait.guard);
}

static void show_running(struct fan_thread *self)
{
    if (!self->wait.shown)
        return;
    fan_probe_open(&self->slot->seq);
    FAN_PROBE_SET(self->slot->state, FAN_STATE_RUNNING);
    FAN_PROBE_SET(self->slot->op, FAN_OP_NONE);
    fan_probe_shut(&self->slot->seq);
}

/* Sleeps until woken. Returns false if the deadline passed first and nobody had fired. */
static bool sleep_until_woken(struct fan_thread *self, uint64_t deadline_ns)
{
    uint32_t waiting = WAITING;
    struct fan_wait *wait = &self->wait;
    if (!fan_inner_compare_exchange(&wait->word, &waiting, ASLEEP, FAN_ACQUIRE, FAN_ACQUIRE))
        return true;
    while (!awake(wait)) {
        if (deadline_ns && fan_backend_now_ns() >= deadline_ns)
            return !claim(self, FIRED_BY_DEADLINE);
        fan_backend_wait(&wait->word, ASLEEP, deadline_ns);
    }
    return true;
}

/* A claim that came just before the deadline is about to set the word: its waker holds the object's
 * lock, so this is short. */
static void await_the_waker(struct fan_wait *wait)
{
    while (!awake(wait))
        fan_backend_wait(&wait->word, ASLEEP, 0);
}

uint32_t fan_wait_park(struct fan_thread *self, const struct fan_wait_shown *shown)
{
    if (!woken_while_spinning(&self->wait)) {
        show_blocked_unless_fired(self, shown);
        if (sleep_until_woken(self, shown->deadline_ns))
            await_the_waker(&self->wait);
        show_running(self);
    }
    return self->wait.fired == FIRED_BY_DEADLINE ? 0 : self->wait.fired;
}
