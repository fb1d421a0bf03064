#ifndef FAN_SYNC_CHAN_STATE_H
#define FAN_SYNC_CHAN_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/probe.h"
#include "base/stack.h"
#include "run/lock.h"
#include "run/wait.h"
#include "sync/chan.h"

/* What stands behind a `struct fan_chan *`, for chan.c and select.c.
 *
 * A ring with a lock at each end, so that a sender and a receiver do not meet (the queue with two
 * locks is Michael and Scott's, PODC 1996). What concerns both ends is written only with both locks
 * held, send lock first, and so may be read under either:
 *
 *   - The fast path takes its own end's lock and works if `slow` is clear and there is room (or an
 *     element). `slow` is set while anybody waits, when the channel is closed, and always for an
 *     unbuffered one.
 *   - The slow path takes both locks. Only there does anybody enter or leave a queue, so no wake-up
 *     can be lost: who queues knows that the other end's fast path will see `slow`.
 *   - An unbuffered channel has no fast path, so the send lock alone stands for both, and only the
 *     sending end counts: each cache line less is felt where two threads meet.
 *
 * With both locks held and free again it always holds: receivers wait only while the buffer is
 * empty, senders only while it is full, and none of either while the channel is closed. */
struct fan_chan_end {
    uint64_t passed; /* lock; read by the other end: elements that ever passed here */
    uint32_t senders_waiting,
        receivers_waiting; /* the put end's: both locks; unused in the other */
    struct fan_lock lock;
    uint64_t other_seen; /* lock: the other end's `passed`, as last looked at */
    char *place;         /* lock: where in the ring the next one goes, or comes from */
    uint64_t last_user;  /* lock: the id of the thread that used this end last, 0 = none */
};

struct fan_chan {
    /* Constant. The ends stand in the probe's slot, where an observer reads their first members
     * without anybody writing them twice; or, if there is no slot, at the bottom of this structure.
     */
    struct fan_chan_end *put, *take;
    size_t element_size, capacity;
    char *ring, *ring_end;
    struct fan_probe_object *slot;
    uint16_t evidence; /* its number there; 0 = none is collected of it */
    bool shown;        /* there is a slot, or evidence */
    /* Both locks. */
    _Alignas(64) bool slow;
    bool closed;
    struct fan_waitq senders, receivers;
    _Alignas(64) struct fan_chan_end own_put;
    _Alignas(64) struct fan_chan_end own_take;
    struct fan_stack closed_at;
    char name[FAN_PROBE_NAME];
};

enum fan_chan_try {
    FAN_CHAN_DONE,
    FAN_CHAN_CLOSED, /* receive: closed and drained; send: closed */
    FAN_CHAN_NOT_READY,
};

struct fan_thread;

/* Does one operation if it is ready and the context is not done, taking the locks it needs. */
enum fan_chan_try fan_chan_try_put(struct fan_chan *chan, struct fan_thread *self,
                                   const void *element, struct fan_ctx *ctx);
enum fan_chan_try fan_chan_try_take(struct fan_chan *chan, struct fan_thread *self, void *element,
                                    struct fan_ctx *ctx);

/* The same with both locks held by the caller, who sends the wake-up after releasing them. */
enum fan_chan_try fan_chan_put_locked(struct fan_chan *chan, struct fan_thread *self,
                                      const void *element, struct fan_wakeup *wakeup);
enum fan_chan_try fan_chan_take_locked(struct fan_chan *chan, struct fan_thread *self,
                                       void *element, struct fan_wakeup *wakeup);

/* For who observes: `self` wants to receive, and has not yet. NULL is accepted. */
void fan_chan_show_asked(const struct fan_chan *chan, const struct fan_thread *self);

void fan_chan_lock(struct fan_chan *chan);
void fan_chan_unlock(struct fan_chan *chan);

/* Puts a waiter into a queue, or takes it out again; both locks held. */
void fan_chan_queue(struct fan_chan *chan, struct fan_waitq *queue, struct fan_waiter *waiter);
void fan_chan_unqueue(struct fan_chan *chan, struct fan_waitq *queue, struct fan_waiter *waiter);

/* Whether a send (a receive) would not have to wait. Both locks held, or nobody else runs. */
bool fan_chan_is_ready(const struct fan_chan *chan, bool sending);

/* Whether a buffered channel's state is such that a send (a receive) need not wait, without a lock:
 * a hint, for spinning. */
bool fan_chan_looks_ready(const struct fan_chan *chan, bool sending);

/* A select after the fast ways have failed; chan.c uses it for one case. */
struct fan_select_case;
int fan_select_blocking(struct fan_thread *self, struct fan_select_case *cases, size_t count,
                        struct fan_ctx *ctx, size_t *chosen);

/* What a select has announced, from its announcement's argument: fills in its first `most` cases,
 * and returns how many it has. The objects are given by the ids that observers know, 0 = none. */
struct fan_select_shown {
    enum fan_probe_op op;
    uint64_t id;
};
size_t fan_select_announced(const void *argument, struct fan_select_shown *shown, size_t most);

/* Panics: a send on a closed channel. */
_Noreturn void fan_chan_sent_on_closed(const struct fan_chan *chan);

#endif
