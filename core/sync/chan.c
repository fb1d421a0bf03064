/* The locking is told in chan_state.h. */
#include "sync/chan_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "run/announce.h"
#include "run/evidence.h"
#include "run/inner.h"
#include "run/thread_state.h"
#include "sync/chan_shown.h"
#include "sync/select.h"

static bool allocate(struct fan_chan **chan, char **ring, size_t element_size, size_t capacity)
{
    size_t size = element_size * capacity;
    if (element_size && size / element_size != capacity)
        return false;
    *chan = aligned_alloc(_Alignof(struct fan_chan), sizeof **chan);
    *ring = malloc(size ? size : 1);
    if (*chan && *ring)
        return true;
    free(*chan);
    free(*ring);
    return false;
}

/* The ends overlay the counters' lines of the probe's slot. */
_Static_assert(sizeof(struct fan_chan_end) <= 64, "an end fits into a line of the slot");
_Static_assert(offsetof(struct fan_probe_object, waiting_put) -
                           offsetof(struct fan_probe_object, put) ==
                       offsetof(struct fan_chan_end, senders_waiting) &&
                   offsetof(struct fan_probe_object, waiting_take) -
                           offsetof(struct fan_probe_object, put) ==
                       offsetof(struct fan_chan_end, receivers_waiting),
               "an observer reads an end's counters as the slot's");

static void place_ends(struct fan_chan *chan)
{
    chan->put = chan->slot ? (struct fan_chan_end *)&chan->slot->put : &chan->own_put;
    chan->take = chan->slot ? (struct fan_chan_end *)&chan->slot->taken : &chan->own_take;
    *chan->put = *chan->take = (struct fan_chan_end){.place = chan->ring};
}

struct fan_chan *fan_chan_new(const char *name, size_t element_size, size_t capacity)
{
    struct fan_chan *chan;
    char *ring;
    if (!allocate(&chan, &ring, element_size, capacity))
        return NULL;
    memset(chan, 0, sizeof *chan);
    chan->element_size = element_size;
    chan->capacity = capacity;
    chan->ring = ring;
    chan->ring_end = ring + element_size * capacity;
    chan->slow = capacity == 0;
    if (name)
        strncpy(chan->name, name, sizeof chan->name - 1);
    chan->slot = fan_probe_object_add(FAN_KIND_CHANNEL, name, capacity, fan_thread_here()->id);
    chan->evidence = fan_evidence_queue(name);
    chan->shown = chan->slot || chan->evidence;
    place_ends(chan);
    return chan;
}

void fan_chan_free(struct fan_chan *chan)
{
    if (!chan)
        return;
    fan_announce_plain(FAN_OP_DESTROY, chan, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_chan_lock(chan);
    bool waited_on = chan->senders.length > 0 || chan->receivers.length > 0;
    fan_chan_unlock(chan);
    if (waited_on)
        fan_panic("free of channel %s while threads are blocked on it", chan->name);
    fan_probe_object_drop(chan->slot);
    free(chan->ring);
    free(chan);
}

static inline void copy_element(const struct fan_chan *chan, void *to, const void *from)
{
    fan_inner_reads(from, chan->element_size);
    fan_inner_writes(to, chan->element_size);
    if (chan->element_size == sizeof(uint64_t))
        memcpy(to, from, sizeof(uint64_t));
    else
        memcpy(to, from, chan->element_size);
}

static inline uint64_t passed(const struct fan_chan_end *end)
{
    return fan_inner_load(&end->passed, FAN_ACQUIRE);
}

/* With release order: the other end looks at `passed` before it touches the place in the ring. */
static inline void count_passed(struct fan_chan_end *end)
{
    fan_inner_store(&end->passed, end->passed + 1, FAN_RELEASE);
}

static inline void step(const struct fan_chan *chan, struct fan_chan_end *end)
{
    end->place += chan->element_size;
    if (end->place == chan->ring_end)
        end->place = chan->ring;
    count_passed(end);
}

/* Under the send lock: whether the ring has room. The receivers' line is looked at only when the
 * last look says "full". */
static inline bool has_room(struct fan_chan *chan)
{
    struct fan_chan_end *put = chan->put;
    if (put->passed - put->other_seen < chan->capacity)
        return true;
    put->other_seen = passed(chan->take);
    return put->passed - put->other_seen < chan->capacity;
}

static inline bool has_element(struct fan_chan *chan)
{
    struct fan_chan_end *take = chan->take;
    if (take->passed != take->other_seen)
        return true;
    take->other_seen = passed(chan->put);
    return take->passed != take->other_seen;
}

static inline void put_into_ring(struct fan_chan *chan, const struct fan_thread *self,
                                 const void *element)
{
    copy_element(chan, chan->put->place, element);
    __builtin_prefetch(chan->put->place + 128, 1);
    fan_chan_show_put(chan, self);
    step(chan, chan->put);
}

static inline void take_from_ring(struct fan_chan *chan, const struct fan_thread *self,
                                  void *element)
{
    if (element)
        copy_element(chan, element, chan->take->place);
    __builtin_prefetch(chan->take->place + 128, 0);
    step(chan, chan->take);
    fan_chan_show_take(chan, self);
}

void fan_chan_show_asked(const struct fan_chan *chan, const struct fan_thread *self)
{
    if (chan)
        fan_chan_show_passing(chan, FAN_FACT_ASK, self, 0);
}

void fan_chan_lock(struct fan_chan *chan)
{
    fan_lock_acquire(&chan->put->lock);
    if (chan->capacity)
        fan_lock_acquire(&chan->take->lock);
}

void fan_chan_unlock(struct fan_chan *chan)
{
    if (chan->capacity)
        fan_lock_release(&chan->take->lock);
    fan_lock_release(&chan->put->lock);
}

static void note_queues(struct fan_chan *chan)
{
    chan->slow = chan->closed || chan->capacity == 0 || chan->senders.length > 0 ||
                 chan->receivers.length > 0;
    FAN_PROBE_SET(chan->put->senders_waiting, chan->senders.length);
    FAN_PROBE_SET(chan->put->receivers_waiting, chan->receivers.length);
}

void fan_chan_queue(struct fan_chan *chan, struct fan_waitq *queue, struct fan_waiter *waiter)
{
    fan_waitq_push(queue, waiter);
    note_queues(chan);
}

void fan_chan_unqueue(struct fan_chan *chan, struct fan_waitq *queue, struct fan_waiter *waiter)
{
    fan_waitq_remove(queue, waiter);
    note_queues(chan);
}

static struct fan_waiter *claim(struct fan_chan *chan, struct fan_waitq *queue)
{
    if (fan_waitq_empty(queue))
        return NULL;
    struct fan_waiter *waiter = fan_waitq_claim_one(queue);
    note_queues(chan);
    return waiter;
}

/* Hands an element straight to a receiver that waits; the ring is empty then. It counts as put and
 * as taken. */
static void hand_over(struct fan_chan *chan, struct fan_thread *self, struct fan_waiter *receiver,
                      const void *element)
{
    if (receiver->element)
        copy_element(chan, receiver->element, element);
    count_passed(chan->put);
    if (chan->capacity) {
        count_passed(chan->take);
        chan->put->other_seen = chan->take->other_seen = chan->take->passed;
    }
    fan_chan_show_both(chan, self, receiver->thread);
}

enum fan_chan_try fan_chan_put_locked(struct fan_chan *chan, struct fan_thread *self,
                                      const void *element, struct fan_wakeup *wakeup)
{
    if (chan->closed)
        return FAN_CHAN_CLOSED;
    struct fan_waiter *receiver = claim(chan, &chan->receivers);
    if (receiver) {
        hand_over(chan, self, receiver, element);
        *wakeup = fan_wait_resume(receiver, 0);
        return FAN_CHAN_DONE;
    }
    if (!has_room(chan))
        return FAN_CHAN_NOT_READY;
    put_into_ring(chan, self, element);
    return FAN_CHAN_DONE;
}

/* With an element out of the ring there is room for that of the sender who has waited longest. */
static void let_sender_in(struct fan_chan *chan, struct fan_wakeup *wakeup)
{
    struct fan_waiter *sender = claim(chan, &chan->senders);
    if (!sender)
        return;
    put_into_ring(chan, sender->thread, sender->element);
    *wakeup = fan_wait_resume(sender, 0);
}

static bool take_from_sender(struct fan_chan *chan, struct fan_thread *self, void *element,
                             struct fan_wakeup *wakeup)
{
    struct fan_waiter *sender = claim(chan, &chan->senders);
    if (!sender)
        return false;
    if (element)
        copy_element(chan, element, sender->element);
    count_passed(chan->put);
    fan_chan_show_both(chan, sender->thread, self);
    *wakeup = fan_wait_resume(sender, 0);
    return true;
}

enum fan_chan_try fan_chan_take_locked(struct fan_chan *chan, struct fan_thread *self,
                                       void *element, struct fan_wakeup *wakeup)
{
    if (chan->capacity == 0) {
        if (take_from_sender(chan, self, element, wakeup))
            return FAN_CHAN_DONE;
    } else if (has_element(chan)) {
        take_from_ring(chan, self, element);
        let_sender_in(chan, wakeup);
        return FAN_CHAN_DONE;
    }
    return chan->closed ? FAN_CHAN_CLOSED : FAN_CHAN_NOT_READY;
}

/* False also if the context is done: then the blocking way says so. */
static bool put_fast(struct fan_chan *chan, const struct fan_thread *self, const void *element,
                     struct fan_ctx *ctx)
{
    bool ready = false;
    fan_lock_acquire(&chan->put->lock);
    if (!chan->slow && has_room(chan) && !fan_ctx_look_inside(ctx)) {
        put_into_ring(chan, self, element);
        ready = true;
    }
    fan_lock_release(&chan->put->lock);
    return ready;
}

/* Once the channel is closed nobody waits and nobody sends, so that this end's lock is enough for
 * what is left in it too. Not ready also if the context is done, which is looked at last, for the
 * other end may put something in meanwhile: then the blocking way says so. */
static enum fan_chan_try take_fast(struct fan_chan *chan, const struct fan_thread *self,
                                   void *element, struct fan_ctx *ctx)
{
    enum fan_chan_try tried = FAN_CHAN_NOT_READY;
    fan_lock_acquire(&chan->take->lock);
    if (!chan->slow || chan->closed) {
        bool has_one = has_element(chan);
        if (has_one && !fan_ctx_look_inside(ctx)) {
            take_from_ring(chan, self, element);
            tried = FAN_CHAN_DONE;
        } else if (!has_one && chan->closed && !fan_ctx_look_inside(ctx)) {
            tried = FAN_CHAN_CLOSED;
        }
    }
    fan_lock_release(&chan->take->lock);
    return tried;
}

enum fan_chan_try fan_chan_try_put(struct fan_chan *chan, struct fan_thread *self,
                                   const void *element, struct fan_ctx *ctx)
{
    if (chan->capacity && put_fast(chan, self, element, ctx))
        return FAN_CHAN_DONE;
    struct fan_wakeup wakeup = {0};
    enum fan_chan_try tried = FAN_CHAN_NOT_READY;
    fan_chan_lock(chan);
    if (!fan_ctx_look_inside(ctx))
        tried = fan_chan_put_locked(chan, self, element, &wakeup);
    fan_chan_unlock(chan);
    fan_wakeup_send(wakeup);
    return tried;
}

enum fan_chan_try fan_chan_try_take(struct fan_chan *chan, struct fan_thread *self, void *element,
                                    struct fan_ctx *ctx)
{
    enum fan_chan_try tried =
        chan->capacity ? take_fast(chan, self, element, ctx) : FAN_CHAN_NOT_READY;
    if (tried != FAN_CHAN_NOT_READY)
        return tried;
    struct fan_wakeup wakeup = {0};
    fan_chan_lock(chan);
    if (!fan_ctx_look_inside(ctx))
        tried = fan_chan_take_locked(chan, self, element, &wakeup);
    fan_chan_unlock(chan);
    fan_wakeup_send(wakeup);
    return tried;
}

bool fan_chan_looks_ready(const struct fan_chan *chan, bool sending)
{
    uint64_t taken = passed(chan->take);
    uint64_t length = passed(chan->put) - taken;
    return sending ? length < chan->capacity : length > 0;
}

void fan_chan_sent_on_closed(const struct fan_chan *chan)
{
    struct fan_panic panic = {.earlier_what = "first closed", .earlier = chan->closed_at};
    panic.object = chan->slot ? chan->slot->id : 0;
    snprintf(panic.message, sizeof panic.message, "send on closed channel %s", chan->name);
    fan_panic_raise(&panic);
}

static _Noreturn void closed_twice(const struct fan_chan *chan)
{
    struct fan_panic panic = {.earlier_what = "first closed", .earlier = chan->closed_at};
    panic.object = chan->slot ? chan->slot->id : 0;
    snprintf(panic.message, sizeof panic.message, "close of closed channel %s", chan->name);
    fan_panic_raise(&panic);
}

void fan_chan_close(struct fan_chan *chan)
{
    struct fan_thread *self = fan_thread_here();
    if (!chan)
        fan_panic("close of a NULL channel");
    fan_announce_plain(FAN_OP_CLOSE, chan, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_thread_operates(self, FAN_OP_CLOSE, chan->slot, __builtin_return_address(0));
    fan_chan_lock(chan);
    bool first = !chan->closed;
    if (first) {
        fan_chan_show_passing(chan, FAN_FACT_CLOSE, self, 0);
        chan->closed = true;
        fan_stack_capture(&chan->closed_at, 0);
        fan_chan_show_closed(chan, self);
        fan_waitq_fire_all(&chan->receivers, EPIPE);
        fan_waitq_fire_all(&chan->senders, EPIPE);
        note_queues(chan);
    }
    fan_chan_unlock(chan);
    if (!first)
        closed_twice(chan);
}

size_t fan_chan_length(const struct fan_chan *chan)
{
    if (chan)
        fan_announce_plain(FAN_OP_RECV, chan, FAN_TOUCH_READ, __builtin_return_address(0));
    if (!fan_chan_is_buffered(chan))
        return 0;
    uint64_t taken = passed(chan->take);
    uint64_t length = passed(chan->put) - taken;
    return length < chan->capacity ? length : chan->capacity;
}

size_t fan_chan_capacity(const struct fan_chan *chan)
{
    return chan ? chan->capacity : 0;
}

size_t fan_chan_element_size(const struct fan_chan *chan)
{
    return chan ? chan->element_size : 0;
}

bool fan_chan_is_ready(const struct fan_chan *chan, bool sending)
{
    bool partner_waits = (sending ? chan->receivers.length : chan->senders.length) > 0;
    bool ring_is_ready = chan->capacity > 0 && fan_chan_looks_ready(chan, sending);
    return chan->closed || partner_waits || ring_is_ready;
}

/* An unbuffered channel is left to the blocking way at once, which tries as it locks. */
int fan_chan_send(struct fan_chan *chan, const void *element, struct fan_ctx *ctx)
{
    struct fan_thread *self = fan_thread_here();
    struct fan_chan_use use = {chan, ctx};
    fan_chan_announce(FAN_OP_SEND, &use, __builtin_return_address(0));
    fan_result_sending(element, chan ? chan->element_size : 0);
    fan_thread_operates(self, FAN_OP_SEND, chan ? chan->slot : NULL, __builtin_return_address(0));
    if (fan_chan_is_buffered(chan) && put_fast(chan, self, element, ctx))
        return fan_chan_sent(chan, element, 0);
    struct fan_select_case one = FAN_SEND(chan, element);
    return fan_chan_sent(chan, element, fan_select_blocking(self, &one, 1, ctx, &(size_t){0}));
}

int fan_chan_recv(struct fan_chan *chan, void *element, struct fan_ctx *ctx)
{
    struct fan_thread *self = fan_thread_here();
    struct fan_chan_use use = {chan, ctx};
    fan_chan_announce(FAN_OP_RECV, &use, __builtin_return_address(0));
    fan_thread_operates(self, FAN_OP_RECV, chan ? chan->slot : NULL, __builtin_return_address(0));
    enum fan_chan_try tried =
        fan_chan_is_buffered(chan) ? take_fast(chan, self, element, ctx) : FAN_CHAN_NOT_READY;
    if (tried == FAN_CHAN_DONE)
        return fan_chan_received(chan, element, 0);
    if (tried == FAN_CHAN_CLOSED) {
        fan_chan_show_asked(chan, self);
        return fan_chan_received(chan, element, EPIPE);
    }
    struct fan_select_case one = FAN_RECV(chan, element);
    int error = fan_select_blocking(self, &one, 1, ctx, &(size_t){0});
    return fan_chan_received(chan, element, error ? error : one.result);
}

int fan_chan_try_send(struct fan_chan *chan, const void *element)
{
    struct fan_thread *self = fan_thread_here();
    fan_announce_plain(FAN_OP_SEND, chan, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_result_sending(element, chan ? chan->element_size : 0);
    fan_thread_operates(self, FAN_OP_SEND, chan ? chan->slot : NULL, __builtin_return_address(0));
    enum fan_chan_try tried =
        chan ? fan_chan_try_put(chan, self, element, NULL) : FAN_CHAN_NOT_READY;
    if (tried == FAN_CHAN_CLOSED)
        fan_chan_sent_on_closed(chan);
    return fan_chan_sent(chan, element, tried == FAN_CHAN_DONE ? 0 : EAGAIN);
}

int fan_chan_try_recv(struct fan_chan *chan, void *element)
{
    struct fan_thread *self = fan_thread_here();
    fan_announce_plain(FAN_OP_RECV, chan, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_thread_operates(self, FAN_OP_RECV, chan ? chan->slot : NULL, __builtin_return_address(0));
    enum fan_chan_try tried =
        chan ? fan_chan_try_take(chan, self, element, NULL) : FAN_CHAN_NOT_READY;
    if (tried == FAN_CHAN_DONE)
        return fan_chan_received(chan, element, 0);
    fan_chan_show_asked(chan, self);
    return fan_chan_received(chan, element, tried == FAN_CHAN_NOT_READY ? EAGAIN : EPIPE);
}
