/* All channels of a select are locked together, in the order of their addresses, so that "none is
 * ready" is true of one moment. Contexts and timers are looked at one by one inside those locks,
 * each under its own guard (a context's guard is ordered along its tree, not by address). */
#include "sync/select.h"

#include <errno.h>
#include <string.h>

#include "base/panic.h"
#include "run/announce.h"
#include "run/backend.h"
#include "run/evidence.h"
#include "run/result.h"
#include "run/thread_state.h"
#include "run/time.h"
#include "sync/chan_state.h"

/* One select under way. Waiter i belongs to case i and has index i + 1; the last one is that of the
 * operation's own context. */
struct selection {
    struct fan_thread *self;
    struct fan_select_case *cases;
    size_t count;
    struct fan_ctx *ctx;
    bool first_wins; /* of the ready cases, instead of any */
    uint8_t poll_order[FAN_SELECT_CASES];
    uint8_t lock_order[FAN_SELECT_CASES]; /* the cases with a channel, by its address */
    size_t lock_count;
    struct fan_waiter waiters[FAN_SELECT_CASES + 1];
};

static bool on_channel(const struct fan_select_case *one)
{
    return (one->kind == FAN_CASE_SEND || one->kind == FAN_CASE_RECV) && one->chan;
}

/* Fisher and Yates, from the inside out. */
static void shuffle_poll_order(struct selection *selection)
{
    for (size_t i = 0; i < selection->count; i++) {
        size_t j = i ? fan_random_below(&selection->self->random, i + 1) : 0;
        selection->poll_order[i] = (uint8_t)i;
        selection->poll_order[i] = selection->poll_order[j];
        selection->poll_order[j] = (uint8_t)i;
    }
}

static void sort_lock_order(struct selection *selection)
{
    uint8_t *order = selection->lock_order;
    selection->lock_count = 0;
    for (size_t i = 0; i < selection->count; i++) {
        if (!on_channel(&selection->cases[i]))
            continue;
        size_t at = selection->lock_count++;
        for (; at > 0 && selection->cases[order[at - 1]].chan > selection->cases[i].chan; at--)
            order[at] = order[at - 1];
        order[at] = (uint8_t)i;
    }
}

static struct fan_chan *channel_to_lock(const struct selection *selection, size_t i)
{
    struct fan_chan *chan = selection->cases[selection->lock_order[i]].chan;
    bool seen = i > 0 && selection->cases[selection->lock_order[i - 1]].chan == chan;
    return seen ? NULL : chan;
}

static void lock_all(const struct selection *selection)
{
    for (size_t i = 0; i < selection->lock_count; i++) {
        struct fan_chan *chan = channel_to_lock(selection, i);
        if (chan)
            fan_chan_lock(chan);
    }
}

static void unlock_all(const struct selection *selection)
{
    for (size_t i = selection->lock_count; i-- > 0;) {
        struct fan_chan *chan = channel_to_lock(selection, i);
        if (chan)
            fan_chan_unlock(chan);
    }
}

static bool note_try(struct fan_select_case *one, enum fan_chan_try tried)
{
    one->result = tried == FAN_CHAN_CLOSED ? EPIPE : 0;
    return tried != FAN_CHAN_NOT_READY;
}

static bool try_without_channel(struct selection *selection, struct fan_select_case *one)
{
    if (one->kind == FAN_CASE_DONE && one->ctx)
        return (one->result = fan_ctx_look(one->ctx)) && !fan_ctx_look_inside(selection->ctx);
    if (one->kind == FAN_CASE_TIMER && one->timer)
        return (one->result = fan_timer_take(one->timer, selection->self, selection->ctx)) == 0;
    return false;
}

static bool try_case(struct selection *selection, struct fan_select_case *one)
{
    if (!on_channel(one))
        return try_without_channel(selection, one);
    if (one->kind == FAN_CASE_SEND)
        return note_try(one,
                        fan_chan_try_put(one->chan, selection->self, one->element, selection->ctx));
    return note_try(one,
                    fan_chan_try_take(one->chan, selection->self, one->element, selection->ctx));
}

static bool try_case_locked(struct selection *selection, struct fan_select_case *one,
                            struct fan_wakeup *wakeup)
{
    struct fan_thread *self = selection->self;
    if (!on_channel(one))
        return try_without_channel(selection, one);
    if (one->kind == FAN_CASE_SEND)
        return note_try(one, fan_chan_put_locked(one->chan, self, one->element, wakeup));
    return note_try(one, fan_chan_take_locked(one->chan, self, one->element, wakeup));
}

static bool take_ready_case(struct selection *selection, size_t *chosen)
{
    for (size_t i = 0; i < selection->count; i++) {
        *chosen = selection->poll_order[i];
        if (try_case(selection, &selection->cases[*chosen]))
            return true;
    }
    return false;
}

static bool is_ready(const struct fan_select_case *one)
{
    if (on_channel(one))
        return fan_chan_is_ready(one->chan, one->kind == FAN_CASE_SEND);
    if (one->kind == FAN_CASE_DONE)
        return fan_ctx_is_done(one->ctx);
    if (one->kind != FAN_CASE_TIMER || !one->timer)
        return false;
    uint64_t due_ns = fan_timer_due(one->timer);
    return due_ns && due_ns <= fan_now_ns();
}

static size_t list_ready(const struct selection *selection, uint8_t ready[FAN_SELECT_CASES])
{
    size_t count = 0;
    for (size_t i = 0; i < selection->count; i++)
        if (is_ready(&selection->cases[i]))
            ready[count++] = (uint8_t)i;
    return count;
}

/* A case that looks ready may turn out not to be: who waits there was fired by another object. */
static bool take_ready_case_locked(struct selection *selection, size_t *chosen,
                                   struct fan_wakeup *wakeup)
{
    uint8_t ready[FAN_SELECT_CASES];
    size_t count = list_ready(selection, ready);
    while (count > 0) {
        bool any = count > 1 && !selection->first_wins;
        size_t at = any ? fan_backend_choose(&selection->self->random, count) : 0;
        *chosen = ready[at];
        if (try_case_locked(selection, &selection->cases[*chosen], wakeup))
            return true;
        memmove(&ready[at], &ready[at + 1], --count - at);
    }
    return false;
}

static struct fan_waitq *queue_of(const struct fan_select_case *one)
{
    return one->kind == FAN_CASE_SEND ? &one->chan->senders : &one->chan->receivers;
}

static struct fan_waiter *new_waiter(struct selection *selection, size_t i, void *element)
{
    struct fan_waiter *waiter = &selection->waiters[i];
    *waiter = (struct fan_waiter){
        .thread = selection->self, .index = (uint32_t)i + 1, .element = element};
    fan_list_init(&waiter->link);
    return waiter;
}

/* Queues at one case; returns whether the case has become ready instead. */
static bool enter_case(struct selection *selection, size_t i)
{
    struct fan_select_case *one = &selection->cases[i];
    struct fan_waiter *waiter = new_waiter(selection, i, one->element);
    if (on_channel(one))
        fan_chan_queue(one->chan, queue_of(one), waiter);
    else if (one->kind == FAN_CASE_DONE && one->ctx)
        return fan_ctx_watch(one->ctx, waiter) != 0;
    else if (one->kind == FAN_CASE_TIMER && one->timer)
        return fan_timer_watch(one->timer, waiter) != 0;
    return false;
}

static void leave_case(struct selection *selection, size_t i)
{
    struct fan_select_case *one = &selection->cases[i];
    struct fan_waiter *waiter = &selection->waiters[i];
    if (on_channel(one))
        fan_chan_unqueue(one->chan, queue_of(one), waiter);
    else if (one->kind == FAN_CASE_DONE && one->ctx)
        fan_ctx_unwatch(one->ctx, waiter);
    else if (one->kind == FAN_CASE_TIMER && one->timer)
        fan_timer_unwatch(one->timer, waiter);
}

/* Queues everywhere, the operation's own context included; returns false if something has become
 * ready meanwhile, and then has left every queue again. */
static bool enter_all(struct selection *selection)
{
    size_t entered = 0;
    bool ready = false;
    fan_wait_begin(selection->self);
    while (entered < selection->count && !ready)
        ready = enter_case(selection, entered++);
    if (!ready && fan_ctx_watch(selection->ctx, new_waiter(selection, selection->count, NULL)) == 0)
        return true;
    while (entered > 0)
        leave_case(selection, --entered);
    return false;
}

static void leave_all(struct selection *selection, uint32_t fired)
{
    fan_ctx_unwatch(selection->ctx, &selection->waiters[selection->count]);
    if (selection->count == 1 && fired == 1 && on_channel(&selection->cases[0]))
        return; /* who fired it took it out */
    lock_all(selection);
    for (size_t i = 0; i < selection->count; i++)
        leave_case(selection, i);
    unlock_all(selection);
}

static void earlier(uint64_t *deadline_ns, uint64_t other_ns)
{
    if (other_ns && (*deadline_ns == 0 || other_ns < *deadline_ns))
        *deadline_ns = other_ns;
}

static struct fan_probe_wait shown_case(const struct fan_select_case *one)
{
    switch (one->kind) {
    case FAN_CASE_SEND:
        return (struct fan_probe_wait){fan_probe_object_slot(one->chan ? one->chan->slot : NULL),
                                       FAN_OP_SEND, FAN_KIND_CHANNEL};
    case FAN_CASE_RECV:
        return (struct fan_probe_wait){fan_probe_object_slot(one->chan ? one->chan->slot : NULL),
                                       FAN_OP_RECV, FAN_KIND_CHANNEL};
    case FAN_CASE_DONE:
        return (struct fan_probe_wait){fan_probe_object_slot(one->ctx ? one->ctx->slot : NULL),
                                       FAN_OP_CONTEXT_WAIT, FAN_KIND_CONTEXT};
    case FAN_CASE_TIMER:
        break;
    }
    return (struct fan_probe_wait){fan_probe_object_slot(one->timer ? one->timer->slot : NULL),
                                   FAN_OP_TIMER_WAIT, FAN_KIND_TIMER};
}

static uint64_t own_deadline(const struct fan_select_case *one)
{
    if (one->kind == FAN_CASE_DONE)
        return fan_ctx_deadline(one->ctx);
    return one->kind == FAN_CASE_TIMER && one->timer ? fan_timer_due(one->timer) : 0;
}

/* What an observer is shown, put together while the channels are locked: as soon as they are not,
 * who fires this select's only case may go on and free its channel. */
struct description {
    struct fan_wait_shown shown;
    struct fan_probe_wait waits[FAN_SELECT_CASES + 1];
};

static void describe(const struct selection *selection, struct description *description)
{
    struct fan_wait_shown *shown = &description->shown;
    *shown = (struct fan_wait_shown){.op = FAN_OP_SELECT, .waits = description->waits};
    for (size_t i = 0; i < selection->count; i++) {
        description->waits[shown->wait_count++] = shown_case(&selection->cases[i]);
        earlier(&shown->deadline_ns, own_deadline(&selection->cases[i]));
    }
    if (selection->count == 1)
        shown->op = (enum fan_probe_op)description->waits[0].op;
    if (selection->ctx)
        description->waits[shown->wait_count++] = (struct fan_probe_wait){
            fan_probe_object_slot(selection->ctx->slot), FAN_OP_CONTEXT_WAIT, FAN_KIND_CONTEXT};
    earlier(&shown->deadline_ns, fan_ctx_deadline(selection->ctx));
}

/* Whether the case that was fired is thereby done. A timer's waiter is fired to look again. */
static bool fired_case_is_done(struct selection *selection, uint32_t fired, size_t *chosen)
{
    if (fired == 0 || fired > selection->count)
        return false;
    *chosen = fired - 1;
    selection->cases[*chosen].result = selection->waiters[*chosen].result;
    return selection->cases[*chosen].kind != FAN_CASE_TIMER;
}

/* Waits until something happens; returns whether that was a case. The context is looked at under
 * the locks: whoever makes a case ready after a cancel must not be met by one who looked before
 * it. */
static bool wait_once(struct selection *selection, size_t *chosen)
{
    struct fan_wakeup wakeup = {0};
    struct description description;
    lock_all(selection);
    bool done =
        !fan_ctx_look_inside(selection->ctx) && take_ready_case_locked(selection, chosen, &wakeup);
    bool entered = !done && enter_all(selection);
    if (entered)
        describe(selection, &description);
    unlock_all(selection);
    fan_wakeup_send(wakeup);
    if (!entered)
        return done;
    uint32_t fired = fan_wait_park(selection->self, &description.shown);
    leave_all(selection, fired);
    return fired_case_is_done(selection, fired, chosen);
}

static void finish(const struct fan_select_case *one)
{
    if (one->kind == FAN_CASE_SEND && one->result == EPIPE)
        fan_chan_sent_on_closed(one->chan);
}

static void begin(struct selection *selection, struct fan_thread *self,
                  struct fan_select_case *cases, size_t count, struct fan_ctx *ctx)
{
    selection->self = self;
    selection->cases = cases;
    selection->count = count;
    selection->ctx = ctx;
    selection->first_wins = false;
    shuffle_poll_order(selection);
    sort_lock_order(selection);
}

/* Whether it is worth to look without all the locks. Not under a scheduler, which decides when to
 * look; nor if the first case wins, for it may become ready after it was looked at. A buffered
 * channel is likely to be ready in a moment, and entering its queue makes the other end slow: so
 * look again for a while first, seldom enough to leave the other end its cache line. */
static bool ready_after_spinning(struct selection *selection)
{
    const struct fan_select_case *one = &selection->cases[0];
    unsigned spins = fan_backend_spins() / 8;
    if (selection->count != 1)
        return spins > 0 && !selection->first_wins;
    if (!on_channel(one) || one->chan->capacity == 0)
        return false;
    for (unsigned turn = 0; turn < spins; turn++) {
        if (fan_chan_looks_ready(one->chan, one->kind == FAN_CASE_SEND))
            return true;
        if (!fan_backend_spin_slowly())
            return false;
    }
    return false;
}

static void show_asked(const struct fan_thread *self, const struct fan_select_case *cases,
                       size_t count)
{
    if (!fan_evidence_wants(FAN_FACT_ASK))
        return;
    for (size_t i = 0; i < count; i++)
        if (cases[i].kind == FAN_CASE_RECV)
            fan_chan_show_asked(cases[i].chan, self);
}

static int block(struct selection *selection, size_t *chosen)
{
    size_t done = 0;
    show_asked(selection->self, selection->cases, selection->count);
    for (;;) {
        int error = fan_ctx_look(selection->ctx);
        if (error)
            return error;
        if (ready_after_spinning(selection) && take_ready_case(selection, &done))
            break;
        if (wait_once(selection, &done))
            break;
    }
    finish(&selection->cases[done]);
    *chosen = done;
    return 0;
}

int fan_select_blocking(struct fan_thread *self, struct fan_select_case *cases, size_t count,
                        struct fan_ctx *ctx, size_t *chosen)
{
    struct selection selection;
    begin(&selection, self, cases, count, ctx);
    return block(&selection, chosen);
}

struct choice {
    const struct fan_select_case *cases;
    size_t count;
    const struct fan_ctx *ctx;
};

static const void *object_of(const struct fan_select_case *one)
{
    if (on_channel(one))
        return one->chan;
    if (one->kind == FAN_CASE_DONE)
        return fan_ctx_root(one->ctx);
    return one->timer;
}

static size_t list_objects(const void *argument, const void **objects)
{
    const struct choice *choice = argument;
    size_t count = 0;
    for (size_t i = 0; i < choice->count; i++) {
        const void *object = object_of(&choice->cases[i]);
        if (object)
            objects[count++] = object;
    }
    return count;
}

/* The announcement is a select's or a try's: both may always arrive. What waits must be seen by
 * those it may meet, and by those who close or cancel what it waits for. */
static int begin_operation(const struct choice *choice, struct fan_thread *self, void *pc)
{
    if (choice->count > FAN_SELECT_CASES)
        return EINVAL;
    fan_announce(&(struct fan_announcement){.op = FAN_OP_SELECT,
                                            .pc = pc,
                                            .context = fan_ctx_root(choice->ctx),
                                            .more = list_objects,
                                            .argument = choice});
    fan_thread_operates(self, FAN_OP_SELECT, NULL, pc);
    return 0;
}

static uint64_t shown_id(const struct fan_select_case *one)
{
    const struct fan_probe_object *slot = NULL;
    if (on_channel(one))
        slot = one->chan->slot;
    else if (one->kind == FAN_CASE_DONE)
        slot = one->ctx->slot;
    else if (one->kind == FAN_CASE_TIMER)
        slot = one->timer->slot;
    return slot ? slot->id : 0;
}

static enum fan_probe_op op_of(const struct fan_select_case *one)
{
    static const enum fan_probe_op ops[] = {[FAN_CASE_SEND] = FAN_OP_SEND,
                                            [FAN_CASE_RECV] = FAN_OP_RECV,
                                            [FAN_CASE_DONE] = FAN_OP_CONTEXT_WAIT,
                                            [FAN_CASE_TIMER] = FAN_OP_TIMER_WAIT};
    return ops[one->kind];
}

size_t fan_select_announced(const void *argument, struct fan_select_shown *shown, size_t most)
{
    const struct choice *choice = argument;
    for (size_t i = 0; i < choice->count && i < most; i++)
        shown[i] = (struct fan_select_shown){op_of(&choice->cases[i]), shown_id(&choice->cases[i])};
    return choice->count;
}

/* Tells which case was taken, which therefore is one of something. */
static void tell_taken(const struct fan_select_case *one)
{
    bool passed = on_channel(one) && one->result == 0;
    if (!fan_result_is_heard())
        return;
    fan_result_tell(&(struct fan_result){.op = op_of(one),
                                         .object = shown_id(one),
                                         .error = one->result,
                                         .value = passed ? one->element : NULL,
                                         .size = passed ? one->chan->element_size : 0});
}

static int select_one(struct fan_select_case *cases, size_t count, struct fan_ctx *ctx,
                      bool first_wins, void *pc, size_t *chosen)
{
    struct selection selection;
    struct choice choice = {cases, count, ctx};
    int error = begin_operation(&choice, fan_thread_here(), pc);
    if (error)
        return fan_result_of(error);
    begin(&selection, fan_thread_here(), cases, count, ctx);
    selection.first_wins = first_wins;
    error = block(&selection, chosen);
    if (error)
        return fan_result_of(error);
    tell_taken(&cases[*chosen]);
    return 0;
}

int fan_select(struct fan_select_case *cases, size_t count, struct fan_ctx *ctx, size_t *chosen)
{
    return select_one(cases, count, ctx, false, __builtin_return_address(0), chosen);
}

int fan_select_first(struct fan_select_case *cases, size_t count, struct fan_ctx *ctx,
                     size_t *chosen)
{
    return select_one(cases, count, ctx, true, __builtin_return_address(0), chosen);
}

int fan_select_try(struct fan_select_case *cases, size_t count, size_t *chosen)
{
    struct fan_thread *self = fan_thread_here();
    struct selection selection;
    struct fan_wakeup wakeup = {0};
    size_t done = 0;
    struct choice choice = {cases, count, NULL};
    int error = begin_operation(&choice, self, __builtin_return_address(0));
    if (error)
        return error;
    begin(&selection, self, cases, count, NULL);
    lock_all(&selection);
    bool ready = take_ready_case_locked(&selection, &done, &wakeup);
    unlock_all(&selection);
    fan_wakeup_send(wakeup);
    if (!ready) {
        show_asked(self, cases, count);
        return fan_result_of(EAGAIN);
    }
    finish(&cases[done]);
    tell_taken(&cases[done]);
    *chosen = done;
    return 0;
}
