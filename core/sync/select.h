#ifndef FAN_SYNC_SELECT_H
#define FAN_SYNC_SELECT_H

#include <stddef.h>

#include "sync/chan.h"
#include "sync/ctx.h"
#include "sync/timer.h"

/* A select: waits for several things at once and does exactly one of them. Go: select. The nearest
 * thing in POSIX is poll(2), which only says what could be done.
 *
 * If several cases are ready, each of them is taken with the same chance, so none starves.
 *
 *     struct fan_select_case cases[] = {FAN_RECV(jobs, &job), FAN_DONE(ctx)};
 *     size_t chosen;
 *     fan_select(cases, 2, NULL, &chosen);
 *     if (chosen == 0 && cases[0].result == 0)
 *         work(job);
 *
 * A context given as a case is one case among others; given as the last parameter it wins over all
 * of them, as in every operation. A case whose channel, context or timer is NULL is never ready. */
enum fan_select_kind {
    FAN_CASE_SEND,
    FAN_CASE_RECV,
    FAN_CASE_DONE,
    FAN_CASE_TIMER,
};

struct fan_select_case {
    enum fan_select_kind kind;
    struct fan_chan *chan;
    void *element; /* sent from here, though never written to; or received to here */
    struct fan_ctx *ctx;
    struct fan_timer *timer;
    int result; /* of the chosen case: 0; EPIPE for a closed channel; a done context's error */
};

#define FAN_SEND(channel, from)                                                                    \
    {                                                                                              \
        .kind = FAN_CASE_SEND, .chan = (channel), .element = (void *)(from)                        \
    }
#define FAN_RECV(channel, to)                                                                      \
    {                                                                                              \
        .kind = FAN_CASE_RECV, .chan = (channel), .element = (to)                                  \
    }
#define FAN_DONE(context)                                                                          \
    {                                                                                              \
        .kind = FAN_CASE_DONE, .ctx = (context)                                                    \
    }
#define FAN_TICK(clock)                                                                            \
    {                                                                                              \
        .kind = FAN_CASE_TIMER, .timer = (clock)                                                   \
    }

enum {
    FAN_SELECT_CASES = 32 /* at most */
};

/* Blocks until a case is ready, does it, and writes which to *chosen. A select without a case that
 * can ever be ready waits for the context. Errors: ECANCELED, ETIMEDOUT (the context's; then no
 * case was done), EINVAL (too many cases). Panics if a chosen send finds its channel closed. */
int fan_select(struct fan_select_case *cases, size_t count, struct fan_ctx *ctx, size_t *chosen);

/* The same, but of several ready cases it takes the first in the list, and no other while that one
 * is ready: so the later ones may starve. For what has priority, and for a timer that is to be
 * looked at last. (Go has none; tokio: a biased select!.) */
int fan_select_first(struct fan_select_case *cases, size_t count, struct fan_ctx *ctx,
                     size_t *chosen);

/* The same, if a case is ready at once; EAGAIN otherwise, without blocking. (Go: a select with a
 * default.) */
int fan_select_try(struct fan_select_case *cases, size_t count, size_t *chosen);

#endif
