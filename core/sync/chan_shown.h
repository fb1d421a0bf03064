#ifndef FAN_SYNC_CHAN_SHOWN_H
#define FAN_SYNC_CHAN_SHOWN_H

#include "run/announce.h"
#include "run/evidence.h"
#include "run/result.h"
#include "run/thread_state.h"
#include "sync/chan_state.h"

/* What others get to know of a channel's use: who observes it, by the probe's slot; who collects
 * evidence; the controlled scheduler, before an operation; and who hears results, after it. For
 * chan.c alone, into whose fast paths it is inlined. */

static inline bool fan_chan_is_buffered(const struct fan_chan *chan)
{
    return chan && chan->capacity > 0;
}

/* ---- to who observes, and as evidence: with the locks of the ends that it is about ---- */

static inline void fan_chan_show_user(uint64_t *users, struct fan_chan_end *end,
                                      const struct fan_thread *self)
{
    if (end->last_user == self->id)
        return;
    end->last_user = self->id;
    fan_probe_user(users, self->slot_index);
}

static inline void fan_chan_show_passing(const struct fan_chan *chan, enum fan_fact_kind kind,
                                         const struct fan_thread *self, uint64_t position)
{
    if (chan->evidence)
        fan_evidence_add_of(self->id, kind, chan->evidence, position);
}

/* Before it is counted: then nobody can have taken it yet. */
static inline void fan_chan_show_put(struct fan_chan *chan, const struct fan_thread *self)
{
    if (!chan->shown)
        return;
    if (chan->slot)
        fan_chan_show_user(chan->slot->put_users, chan->put, self);
    fan_chan_show_passing(chan, FAN_FACT_PUT, self, chan->put->passed + 1);
}

static inline void fan_chan_show_take(struct fan_chan *chan, const struct fan_thread *self)
{
    if (!chan->shown)
        return;
    if (chan->slot)
        fan_chan_show_user(chan->slot->take_users, chan->take, self);
    fan_chan_show_passing(chan, FAN_FACT_TAKE, self, chan->take->passed);
}

/* Both, where an element goes from hand to hand. The bits of an unbuffered channel are looked at
 * each time, so that the receiving end's line stays out of it. */
static inline void fan_chan_show_both(struct fan_chan *chan, const struct fan_thread *sender,
                                      const struct fan_thread *receiver)
{
    if (!chan->shown)
        return;
    if (chan->slot) {
        fan_probe_user(chan->slot->put_users, sender->slot_index);
        fan_probe_user(chan->slot->take_users, receiver->slot_index);
    }
    fan_chan_show_passing(chan, FAN_FACT_PUT, sender, chan->put->passed);
    fan_chan_show_passing(chan, FAN_FACT_TAKE, receiver, chan->put->passed);
}

static inline void fan_chan_show_closed(struct fan_chan *chan, const struct fan_thread *self)
{
    struct fan_probe_object *slot = chan->slot;
    if (!slot)
        return;
    fan_probe_user(slot->put_users, self->slot_index);
    fan_probe_open(&slot->seq);
    FAN_PROBE_SET(slot->closed, 1);
    FAN_PROBE_SET(slot->closer, self->id);
    fan_probe_set_stack(&slot->closed_at, &chan->closed_at);
    fan_probe_shut(&slot->seq);
}

/* ---- to the scheduler ---- */

/* The controlled scheduler asks these of waiting threads at nearly every step, and how the answer
 * comes about is hard to foresee: so without branches. Who waits at the other end of a buffered
 * channel has left the ring such that this end need not wait. */
struct fan_chan_use {
    const struct fan_chan *chan;
    const struct fan_ctx *ctx;
};

static inline uint64_t fan_chan_length_of_ring(const struct fan_chan *chan)
{
    return chan->put->passed - chan->take->passed;
}

static inline bool fan_chan_can_send(const void *argument)
{
    const struct fan_chan_use *use = argument;
    bool done = use->ctx && fan_ctx_is_done(use->ctx);
    return done | use->chan->closed | (fan_chan_length_of_ring(use->chan) < use->chan->capacity);
}

static inline bool fan_chan_can_recv(const void *argument)
{
    const struct fan_chan_use *use = argument;
    bool done = use->ctx && fan_ctx_is_done(use->ctx);
    return done | use->chan->closed | (fan_chan_length_of_ring(use->chan) > 0);
}

/* A use of an unbuffered channel must be seen to wait, and arrives first. */
static inline void fan_chan_announce(enum fan_probe_op op, const struct fan_chan_use *use, void *pc)
{
    const struct fan_chan *chan = use->chan;
    bool sends = op == FAN_OP_SEND;
    struct fan_announcement what = {.op = op,
                                    .pc = pc,
                                    .object = chan,
                                    .mode = FAN_TOUCH_WRITE,
                                    .capacity = fan_chan_capacity(chan),
                                    .context = fan_ctx_root(use->ctx),
                                    .argument = use,
                                    .deadline_ns = fan_ctx_deadline(use->ctx)};
    if (fan_chan_is_buffered(chan)) {
        what.mode = sends ? FAN_TOUCH_PUT : FAN_TOUCH_TAKE;
        what.passed = sends ? &chan->put->passed : &chan->take->passed;
        what.ready = sends ? fan_chan_can_send : fan_chan_can_recv;
    }
    fan_announce(&what);
}

/* ---- to who hears results ---- */

static inline int fan_chan_tell(const struct fan_chan *chan, enum fan_probe_op op,
                                const void *element, int error)
{
    if (fan_result_is_heard())
        fan_result_tell(&(struct fan_result){.op = op,
                                             .object = chan && chan->slot ? chan->slot->id : 0,
                                             .error = error,
                                             .value = element,
                                             .size = chan ? chan->element_size : 0});
    return error;
}

/* What a send returns: `error`, which is told. */
static inline int fan_chan_sent(const struct fan_chan *chan, const void *element, int error)
{
    return fan_chan_tell(chan, FAN_OP_SEND, element, error);
}

/* And a receive. */
static inline int fan_chan_received(const struct fan_chan *chan, const void *element, int error)
{
    return fan_chan_tell(chan, FAN_OP_RECV, error ? NULL : element, error);
}

#endif
