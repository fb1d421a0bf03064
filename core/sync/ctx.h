#ifndef FAN_SYNC_CTX_H
#define FAN_SYNC_CTX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/probe.h"
#include "run/lock.h"
#include "run/wait.h"

/* A context: carries "stop" and "no later than" from a caller to everything that works for it. Go:
 * context.Context. Contexts form a tree; cancelling one cancels all below it.
 *
 * Every operation that may block takes one as its last parameter, or NULL for "however long it
 * takes". A context that is done ends the operation, also one that could proceed: a done context
 * wins over a ready case. (Go leaves that to chance; here "stop" means stop.)
 *
 *     struct fan_ctx ctx;
 *     uint64_t deadline_ns = fan_deadline_after(FAN_SECOND);
 *     fan_ctx_init(&ctx, &(struct fan_ctx_options){.parent = caller, .deadline_ns = deadline_ns});
 *     int error = fan_chan_recv(answers, &answer, &ctx);   // 0, EPIPE, ECANCELED or ETIMEDOUT
 *     fan_ctx_destroy(&ctx);
 *
 * It lives where its owner puts it, must outlive every operation that was given it, and is
 * destroyed after its children. No thread and no timer stands behind a deadline: whoever waits with
 * the context wakes by itself, and whoever asks compares the clock. */
struct fan_ctx {
    struct fan_ctx *parent;   /* constant */
    struct fan_ctx *root;     /* constant: the outermost one, maybe itself */
    uint64_t deadline_ns;     /* constant: the earliest of its own and its ancestors'; 0 = none */
    struct fan_lock guard;    /* taken inside an object's lock and inside the parent's guard */
    int error;                /* atomic; set once, under the guard: 0, ECANCELED or ETIMEDOUT */
    int cause;                /* set before `error` */
    struct fan_list children; /* guard */
    struct fan_list sibling;  /* the parent's guard */
    struct fan_waitq waiters; /* guard */
    struct fan_probe_object *slot;
};

struct fan_ctx_options {
    const char *name;       /* copied, for observers */
    struct fan_ctx *parent; /* NULL = none */
    uint64_t deadline_ns;   /* absolute, as of fan_now_ns; 0 = none */
};

/* Makes a context; with NULL options, one that only a cancel ends. Under a parent that is done it
 * starts done. */
void fan_ctx_init(struct fan_ctx *ctx, const struct fan_ctx_options *options);

/* Ends its use. Panics if it has children left or an operation still waits with it. */
void fan_ctx_destroy(struct fan_ctx *ctx);

/* Parts a context that is done from its parent, so that it may outlive it. Panics if it is not
 * done. */
void fan_ctx_detach(struct fan_ctx *ctx);

/* Makes the context and all below it done, and wakes every operation that waits with one of them:
 * those return ECANCELED. `cause` is an errno value that says why (0 = ECANCELED). Only the first
 * cancel counts. Does not block; any thread may call it. It comes to one context after the other,
 * this one first: until it returns, those below may be seen done or not. */
void fan_ctx_cancel(struct fan_ctx *ctx, int cause);

/* 0 while it is not done, then ECANCELED or, if its deadline has passed, ETIMEDOUT. NULL is never
 * done. Reads the clock if there is a deadline. */
int fan_ctx_error(struct fan_ctx *ctx);

/* Why it is done: what the first cancel gave, here or at an ancestor, or ETIMEDOUT; 0 while it is
 * not done. */
int fan_ctx_cause(struct fan_ctx *ctx);

/* When it will be done at the latest; 0 = no deadline. NULL is accepted. */
static inline uint64_t fan_ctx_deadline(const struct fan_ctx *ctx)
{
    return ctx ? ctx->deadline_ns : 0;
}

/* For what blocks: fan_ctx_error as a part of another operation, which has announced itself
 * (run/announce.h); and whether it would be an error, without any effect. */
int fan_ctx_look(struct fan_ctx *ctx);
bool fan_ctx_is_done(const struct fan_ctx *ctx);

/* The same under the lock of what the operation is about, where it has to be looked at: whoever
 * makes the operation possible after a cancel must not be met by one who looked before it. */
static inline int fan_ctx_look_inside(struct fan_ctx *ctx)
{
    return ctx ? fan_ctx_look(ctx) : 0;
}

/* What an operation that carries the context announces that it touches. It is one object for a
 * whole tree: a cancel reaches all that stands below, also what is put there after it was
 * announced. */
static inline const void *fan_ctx_root(const struct fan_ctx *ctx)
{
    return ctx ? ctx->root : NULL;
}

/* For what blocks: puts a waiter into the context's queue unless the context is done; returns what
 * fan_ctx_error does. After a 0 the caller takes it out again with fan_ctx_unwatch. NULL is
 * accepted. It must not park beyond the context's deadline: that fires nobody. */
int fan_ctx_watch(struct fan_ctx *ctx, struct fan_waiter *waiter);
void fan_ctx_unwatch(struct fan_ctx *ctx, struct fan_waiter *waiter);

#endif
