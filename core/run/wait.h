#ifndef FAN_RUN_WAIT_H
#define FAN_RUN_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/probe.h"
#include "run/lock.h"

/* How a thread waits for something that another thread will do.
 *
 * Every object that blocks keeps a queue of waiters. An operation that cannot proceed puts one
 * waiter into the queue of each object it waits for (one for a receive, several for a select, one
 * more for a context), under each object's lock, and parks. Whoever makes it possible to go on
 * fires the waiter, under that same lock. The first to fire wins; the others are told that they
 * lost and look for another waiter.
 *
 *     lock the object
 *     if it can proceed now: do it, unlock, done
 *     fan_wait_begin(self)
 *     fan_waitq_push(&object->waiters, &waiter)
 *     unlock
 *     fired = fan_wait_park(self, &shown)
 *     if it was not this object that fired: lock, fan_waitq_remove, unlock
 *
 * The thread shows itself as blocked only when spinning did not help and it is about to sleep, and
 * under its wait guard, together with a look at whether it was fired; the waker shows it as
 * runnable again under the same guard. So an observer never sees a thread blocked that has been
 * woken (base/probe.h says why that matters). */
struct fan_thread;

/* A thread's place in the queue of one object. It lives on the stack of the blocked operation; the
 * object's lock guards it while it is queued. */
struct fan_waiter {
    _Alignas(64) struct fan_list link;
    struct fan_thread *thread;
    uint32_t index;  /* which of the operation's waiters this is, from 1 */
    int result;      /* written by who fires it */
    void *element;   /* channel: where the element is, or is to go */
    uint64_t amount; /* semaphore: permits wanted; reader-writer lock: readers or a writer */
};

/* A queue of waiters, first come first served. Zero is an empty one. */
struct fan_waitq {
    struct fan_list head;
    uint32_t length;
};

/* The waiting half of a thread's state. */
struct fan_wait {
    struct fan_lock guard;
    uint32_t fired;        /* guard: the index of the waiter that was fired, 0 while none */
    bool shown;            /* guard: the slot says "blocked" */
    uint32_t word;         /* atomic: what the thread sleeps on */
    unsigned parks;        /* own: how often it has parked */
    unsigned vain;         /* own: how often, of late, spinning first was in vain */
    bool shares_processor; /* own: the partner seems to need this processor */
};

/* What an observer is shown of a blocked operation. */
struct fan_wait_shown {
    enum fan_probe_op op;
    const struct fan_probe_wait *waits;
    uint32_t wait_count;
    uint64_t deadline_ns; /* monotonic; 0 = none */
};

static inline bool fan_waitq_empty(const struct fan_waitq *queue)
{
    return queue->length == 0;
}

void fan_waitq_push(struct fan_waitq *queue, struct fan_waiter *waiter);
void fan_waitq_push_front(struct fan_waitq *queue, struct fan_waiter *waiter);

/* Takes out the first waiter, NULL if there is none. */
struct fan_waiter *fan_waitq_pop(struct fan_waitq *queue);
struct fan_waiter *fan_waitq_first(struct fan_waitq *queue);

/* Takes out a waiter that may have been taken out already. */
void fan_waitq_remove(struct fan_waitq *queue, struct fan_waiter *waiter);

/* Begins an operation that may park: from now on its waiters can be fired. */
void fan_wait_begin(struct fan_thread *self);

/* A wake-up that is due: sent after the object's lock is released, so that the woken thread does
 * not run into it. A zero one sends nothing. */
struct fan_wakeup {
    uint32_t *word;
};

void fan_wakeup_send(struct fan_wakeup wakeup);

/* Firing has two halves, so that an element can change hands between them: claiming decides that
 * this waiter goes on, and resuming lets it. The caller holds the lock of the object in whose queue
 * the waiter is or just was. A claim fails if another object was faster; then nothing has happened,
 * and a resume must not follow. */
bool fan_wait_claim(struct fan_waiter *waiter);
struct fan_wakeup fan_wait_resume(struct fan_waiter *waiter, int result);

/* Pops and claims the first waiter that is still to be had; NULL if there is none. */
struct fan_waiter *fan_waitq_claim_one(struct fan_waitq *queue);

/* Claims and resumes the first waiter, or all. The wake-ups of the latter are sent at once. */
struct fan_wakeup fan_waitq_fire_one(struct fan_waitq *queue, int result);
void fan_waitq_fire_all(struct fan_waitq *queue, int result);

/* Parks until a waiter is fired or the deadline passes. Returns the index of the fired waiter, 0
 * for the deadline. The caller holds no lock. */
uint32_t fan_wait_park(struct fan_thread *self, const struct fan_wait_shown *shown);

#endif
