/* A context's guard is taken inside its parent's guard and inside the lock of any object that an
 * operation waits at; inside it, only a thread's wait guard. */
#include "sync/ctx.h"

#include <errno.h>
#include <stdbool.h>

#include "base/panic.h"
#include "run/announce.h"
#include "run/evidence.h"
#include "run/inner.h"
#include "run/result.h"
#include "run/thread_state.h"
#include "run/time.h"

static int load_error(const struct fan_ctx *ctx)
{
    return fan_inner_load(&ctx->error, FAN_ACQUIRE);
}

static uint64_t earlier_deadline(uint64_t a, uint64_t b)
{
    if (a == 0 || b == 0)
        return a + b;
    return a < b ? a : b;
}

static void show_done(struct fan_ctx *ctx, int cause)
{
    struct fan_probe_object *slot = ctx->slot;
    if (!slot)
        return;
    struct fan_stack stack;
    fan_stack_capture(&stack, 0);
    fan_probe_open(&slot->seq);
    FAN_PROBE_SET(slot->closed, 1);
    FAN_PROBE_SET(slot->cause, (uint32_t)cause);
    FAN_PROBE_SET(slot->closer, fan_thread_here()->id);
    fan_probe_set_stack(&slot->closed_at, &stack);
    fan_probe_shut(&slot->seq);
}

static void show_waiting(struct fan_ctx *ctx)
{
    if (ctx->slot)
        FAN_PROBE_SET(ctx->slot->waiting_take, ctx->waiters.length);
}

void fan_ctx_init(struct fan_ctx *ctx, const struct fan_ctx_options *options)
{
    struct fan_ctx *parent = options ? options->parent : NULL;
    if (parent)
        fan_announce_plain(FAN_OP_CONTEXT_LOOK, parent->root, FAN_TOUCH_READ,
                           __builtin_return_address(0));
    *ctx = (struct fan_ctx){.parent = parent, .root = parent ? parent->root : ctx};
    ctx->deadline_ns =
        earlier_deadline(options ? options->deadline_ns : 0, parent ? parent->deadline_ns : 0);
    ctx->slot = fan_probe_object_add(FAN_KIND_CONTEXT, options ? options->name : NULL, 0,
                                     fan_thread_here()->id);
    fan_list_init(&ctx->children);
    fan_list_init(&ctx->sibling);
    if (!parent)
        return;
    fan_lock_acquire(&parent->guard);
    ctx->cause = parent->cause;
    ctx->error = load_error(parent);
    if (!ctx->error)
        fan_list_insert(&ctx->sibling, &parent->children);
    fan_lock_release(&parent->guard);
}

static void leave_parent(struct fan_ctx *ctx)
{
    if (!ctx->parent)
        return;
    fan_lock_acquire(&ctx->parent->guard);
    fan_list_remove(&ctx->sibling);
    fan_lock_release(&ctx->parent->guard);
}

void fan_ctx_destroy(struct fan_ctx *ctx)
{
    fan_announce_plain(FAN_OP_DESTROY, ctx->root, FAN_TOUCH_WRITE, __builtin_return_address(0));
    leave_parent(ctx);
    fan_lock_acquire(&ctx->guard);
    bool in_use = !fan_list_empty(&ctx->children) || !fan_waitq_empty(&ctx->waiters);
    fan_lock_release(&ctx->guard);
    if (in_use)
        fan_panic("destroy of a context that has children or waiters");
    fan_probe_object_drop(ctx->slot);
}

/* With the guard held. True if it was not done before. */
static bool set_done(struct fan_ctx *ctx, int error, int cause)
{
    if (load_error(ctx))
        return false;
    fan_inner_writes(&ctx->cause, sizeof ctx->cause);
    ctx->cause = cause;
    fan_inner_store(&ctx->error, error, FAN_RELEASE);
    show_done(ctx, cause);
    fan_evidence_note(FAN_FACT_CANCEL, 0, (uint64_t)cause, NULL);
    return true;
}

/* With the guard held. All that waits is claimed before the context is done, and goes on after it:
 * who sees that it is done meets nobody who still waits with it. */
static bool end_waits(struct fan_ctx *ctx, int cause)
{
    struct fan_waitq claimed = {0};
    struct fan_waiter *waiter;
    if (load_error(ctx))
        return false;
    while ((waiter = fan_waitq_claim_one(&ctx->waiters)))
        fan_waitq_push(&claimed, waiter);
    set_done(ctx, ECANCELED, cause);
    while ((waiter = fan_waitq_pop(&claimed)))
        fan_wakeup_send(fan_wait_resume(waiter, ECANCELED));
    show_waiting(ctx);
    return true;
}

/* Makes one done that is not: this one, or else the first below it. Returns whether there are more.
 * One whose deadline has passed needs nobody to tell those below it. */
static bool cancel_next(struct fan_ctx *ctx, int cause)
{
    fan_lock_acquire(&ctx->guard);
    if (!end_waits(ctx, cause) && !fan_list_empty(&ctx->children)) {
        struct fan_ctx *child = FAN_LIST_ELEMENT(ctx->children.next, struct fan_ctx, sibling);
        if (!cancel_next(child, cause))
            fan_list_remove(&child->sibling);
    }
    bool more = load_error(ctx) == ECANCELED && !fan_list_empty(&ctx->children);
    fan_lock_release(&ctx->guard);
    return more;
}

/* Each is a step of its own: between two of them others see one that is done, and one that is
 * not. */
static void cancel(struct fan_ctx *ctx, int cause, void *pc)
{
    do
        fan_announce_plain(FAN_OP_CANCEL, ctx->root, FAN_TOUCH_WRITE, pc);
    while (cancel_next(ctx, cause));
}

void fan_ctx_cancel(struct fan_ctx *ctx, int cause)
{
    cancel(ctx, cause ? cause : ECANCELED, __builtin_return_address(0));
}

static bool has_children(struct fan_ctx *ctx)
{
    fan_lock_acquire(&ctx->guard);
    bool has = !fan_list_empty(&ctx->children);
    fan_lock_release(&ctx->guard);
    return has;
}

/* Who cancels its parent may not have come to those below it yet, and will not now. */
void fan_ctx_detach(struct fan_ctx *ctx)
{
    fan_announce_plain(FAN_OP_CONTEXT_LOOK, ctx->root, FAN_TOUCH_WRITE,
                       __builtin_return_address(0));
    leave_parent(ctx);
    if (!load_error(ctx))
        fan_panic("detach of a context that is not done");
    ctx->parent = NULL;
    fan_inner_reads(&ctx->cause, sizeof ctx->cause);
    if (load_error(ctx) == ECANCELED && has_children(ctx))
        cancel(ctx, ctx->cause, __builtin_return_address(0));
}

bool fan_ctx_is_done(const struct fan_ctx *ctx)
{
    return ctx && (load_error(ctx) || (ctx->deadline_ns && ctx->deadline_ns <= fan_now_ns()));
}

/* Fires nobody: all that waits with the context, or with one below it, parks until that deadline at
 * the latest and wakes by itself. So a look does no more to others than a look may. */
static void pass_deadline(struct fan_ctx *ctx)
{
    fan_lock_acquire(&ctx->guard);
    set_done(ctx, ETIMEDOUT, ETIMEDOUT);
    fan_lock_release(&ctx->guard);
}

int fan_ctx_look(struct fan_ctx *ctx)
{
    if (!ctx)
        return 0;
    fan_evidence_note(FAN_FACT_CARRY, 0, 0, NULL);
    int error = load_error(ctx);
    if (error || !ctx->deadline_ns || fan_now_ns() < ctx->deadline_ns)
        return error;
    pass_deadline(ctx);
    return load_error(ctx);
}

int fan_ctx_error(struct fan_ctx *ctx)
{
    if (!ctx)
        return 0;
    fan_announce_plain(FAN_OP_CONTEXT_LOOK, ctx->root, FAN_TOUCH_READ, __builtin_return_address(0));
    return fan_result_of(fan_ctx_look(ctx));
}

int fan_ctx_cause(struct fan_ctx *ctx)
{
    fan_announce_plain(FAN_OP_CONTEXT_LOOK, ctx->root, FAN_TOUCH_READ, __builtin_return_address(0));
    if (!fan_ctx_look(ctx))
        return 0;
    fan_inner_reads(&ctx->cause, sizeof ctx->cause);
    return ctx->cause;
}

int fan_ctx_watch(struct fan_ctx *ctx, struct fan_waiter *waiter)
{
    int error = fan_ctx_look(ctx);
    if (!ctx || error)
        return error;
    fan_lock_acquire(&ctx->guard);
    error = load_error(ctx);
    if (!error) {
        fan_waitq_push(&ctx->waiters, waiter);
        show_waiting(ctx);
    }
    fan_lock_release(&ctx->guard);
    return error;
}

void fan_ctx_unwatch(struct fan_ctx *ctx, struct fan_waiter *waiter)
{
    if (!ctx)
        return;
    fan_lock_acquire(&ctx->guard);
    fan_waitq_remove(&ctx->waiters, waiter);
    show_waiting(ctx);
    fan_lock_release(&ctx->guard);
}
