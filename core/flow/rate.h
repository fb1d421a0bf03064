#ifndef FAN_FLOW_RATE_H
#define FAN_FLOW_RATE_H

#include <stdint.h>

#include "run/mutex.h"
#include "sync/ctx.h"

/* A rate limit: no more than so many in a time, whoever asks. One is shared by all workers that
 * together are to keep to it. Others call it a token bucket, or a leaky one; Go:
 * golang.org/x/time/rate.
 *
 *     struct fan_rate rate;
 *     fan_rate_init(&rate, &(struct fan_rate_options){.count = 100, .period_ns = FAN_SECOND,
 *                                                     .burst = 5});
 *     while (next(&request) == 0 && fan_rate_take(&rate, 1, ctx) == 0)
 *         send(&request);
 *
 * It lets through a burst, then one every period / count, so that in any time t there are at most
 * burst + t * count / period. The algorithm is the generic cell rate algorithm of ATM (ITU-T
 * I.371): all it remembers is when the bucket will be full again. So no thread refills it, and
 * where time is virtual it goes by that.
 *
 * First come, first served: who has to wait is given its time at once, and sleeps until then. */
struct fan_rate_options {
    uint64_t count, period_ns; /* so many in that time; 0 ns = a second */
    uint64_t burst;            /* so many at once, after a quiet time; 0 = 1 */
};

struct fan_rate {
    struct fan_rate_options options; /* filled in; constant */
    struct fan_mutex lock;
    uint64_t full_ns; /* lock: when as much as burst may be taken again */
    uint64_t part;    /* lock: and 1 / count nanoseconds */
};

/* Makes one, full. EINVAL: no count, or numbers so large that their products overflow. */
int fan_rate_init(struct fan_rate *rate, const struct fan_rate_options *options);

/* Ends its use; nobody may wait. */
void fan_rate_destroy(struct fan_rate *rate);

/* Takes `amount` and blocks until it is allowed. Errors: EINVAL (none, or more than the burst), and
 * then at once; ECANCELED, and what was taken is given back; ETIMEDOUT, at once if it will not be
 * allowed before the context's deadline, or the end of time, and nothing is taken. */
int fan_rate_take(struct fan_rate *rate, uint64_t amount, struct fan_ctx *ctx);

/* Takes it if it is allowed now: 0, or EAGAIN without blocking. Errors: EINVAL. */
int fan_rate_try_take(struct fan_rate *rate, uint64_t amount);

#endif
