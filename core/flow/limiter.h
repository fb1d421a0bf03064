#ifndef FAN_FLOW_LIMITER_H
#define FAN_FLOW_LIMITER_H

#include <stdint.h>

#include "flow/aimd.h"
#include "run/mutex.h"
#include "sync/ctx.h"
#include "sync/semaphore.h"

/* An adaptive limit: how many threads may be at a service at once, where nobody knows what it
 * bears. It is a semaphore whose permits become more while the service answers as fast as it can,
 * and fewer when it does not. Others call it adaptive concurrency or congestion control; Netflix's
 * concurrency-limits is the model, and flow/aimd.h says what the rule is.
 *
 *     struct fan_limiter shop;
 *     fan_limiter_init(&shop, &(struct fan_limiter_options){.name = "shop"});
 *     ...
 *     if (fan_limiter_acquire(&shop, ctx) == 0) {
 *         uint64_t began_ns = fan_now_ns();
 *         error = ask(&shop, ctx);
 *         fan_limiter_release(&shop, began_ns, fan_limiter_outcome_of(error));
 *     }
 *
 * One is shared by all that use the service: any number of threads and executors. First come, first
 * served. A limit that has fallen below what is under way takes nothing away: whoever leaves is
 * not replaced until it is reached. */
struct fan_limiter_options {
    const char *name; /* of the semaphore; not copied; NULL = "limiter" */
    struct fan_aimd_options rule;
};

enum fan_limiter_outcome {
    FAN_LIMITER_DONE,       /* its latency tells how the service is */
    FAN_LIMITER_OVERLOADED, /* it was refused, or took too long to be waited for */
    FAN_LIMITER_IGNORED, /* it says nothing: it was cancelled, or failed for a reason of its own */
};

struct fan_limiter {
    struct fan_semaphore room; /* as many permits as the ceiling; some are held back */
    struct fan_mutex lock;
    struct fan_aimd rule; /* lock */
    int held_back;        /* lock: permits that the limiter itself has */
    int owed;             /* lock: permits that it still has to take, as they come back */
    int wanted;           /* lock: callers that have a permit or wait for one */
};

/* What it has come to; for who wants to show it. */
struct fan_limiter_state {
    int limit;
    int wanted;           /* callers that are under way, or wait to be */
    uint64_t baseline_ns; /* what a request takes where nothing queues; 0 = not known yet */
    uint64_t increases, decreases;
};

/* Makes one. EINVAL if an option is out of its range (flow/aimd.h). NULL options are all zero. */
int fan_limiter_init(struct fan_limiter *limiter, const struct fan_limiter_options *options);

/* Ends its use. Panics if somebody is under way or waits. */
void fan_limiter_destroy(struct fan_limiter *limiter);

/* Takes one permit; blocks until there is one. Errors: ECANCELED, ETIMEDOUT; then none was
 * taken. */
int fan_limiter_acquire(struct fan_limiter *limiter, struct fan_ctx *ctx);

/* Takes one if that is possible at once: 0, or EAGAIN without blocking. */
int fan_limiter_try_acquire(struct fan_limiter *limiter);

/* Gives a permit back and says what came of it. `began_ns` is when the request was sent, as of
 * fan_now_ns, which is asked here for when it ended. Does not block, but for other callers of this
 * limiter for some microseconds. */
void fan_limiter_release(struct fan_limiter *limiter, uint64_t began_ns,
                         enum fan_limiter_outcome outcome);

/* What an error says of a service: 0, that it has answered; EAGAIN, EBUSY, ENOBUFS, ENOMEM,
 * ECONNREFUSED and ETIMEDOUT, that it has too much to do; all others, nothing. */
enum fan_limiter_outcome fan_limiter_outcome_of(int error);

/* Looks at it. Blocks no longer than a release does. */
void fan_limiter_look(struct fan_limiter *limiter, struct fan_limiter_state *state);

#endif
