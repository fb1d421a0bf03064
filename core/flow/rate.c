/* Taking moves the time at which the bucket is full again on by what it takes to fill in the
 * amount. It is allowed as soon as that time is no further off than what it takes to fill the
 * whole. */
#include "flow/rate.h"

#include <errno.h>
#include <stdbool.h>

#include "run/time.h"
#include "sync/timer.h"

int fan_rate_init(struct fan_rate *rate, const struct fan_rate_options *options)
{
    struct fan_rate_options filled_in = options ? *options : (struct fan_rate_options){0};
    uint64_t product;
    if (!filled_in.period_ns)
        filled_in.period_ns = FAN_SECOND;
    if (!filled_in.burst)
        filled_in.burst = 1;
    if (!filled_in.count || filled_in.count > INT64_MAX ||
        __builtin_mul_overflow(filled_in.burst, filled_in.period_ns, &product) ||
        product > INT64_MAX)
        return EINVAL;
    *rate = (struct fan_rate){.options = filled_in, .lock.name = "rate"};
    return 0;
}

void fan_rate_destroy(struct fan_rate *rate)
{
    fan_mutex_destroy(&rate->lock);
}

/* With the lock: moves full_ns on, or back. False if time does not go that far. */
static bool add(struct fan_rate *rate, uint64_t amount)
{
    uint64_t parts = amount * rate->options.period_ns + rate->part;
    rate->part = parts % rate->options.count;
    return !__builtin_add_overflow(rate->full_ns, parts / rate->options.count, &rate->full_ns);
}

static void subtract(struct fan_rate *rate, uint64_t amount)
{
    uint64_t parts = amount * rate->options.period_ns;
    uint64_t whole = parts / rate->options.count, rest = parts % rate->options.count;
    if (rest > rate->part) {
        rate->part += rate->options.count;
        whole++;
    }
    rate->part -= rest;
    rate->full_ns -= whole;
}

/* With the lock: when what has been taken last is allowed, rounded up. */
static uint64_t allowed_ns(const struct fan_rate *rate)
{
    uint64_t parts = rate->options.burst * rate->options.period_ns;
    uint64_t depth_ns = parts / rate->options.count;
    uint64_t full_ns = rate->full_ns + (rate->part > parts % rate->options.count);
    return full_ns > depth_ns ? full_ns - depth_ns : 0;
}

/* Takes the amount and writes when it is allowed; nothing is taken if that is after `latest_ns`. */
static int reserve(struct fan_rate *rate, uint64_t amount, uint64_t latest_ns, uint64_t *at_ns)
{
    if (amount == 0 || amount > rate->options.burst)
        return EINVAL;
    fan_mutex_lock(&rate->lock);
    uint64_t now_ns = fan_now_ns();
    struct fan_rate before = {.full_ns = rate->full_ns, .part = rate->part};
    if (rate->full_ns < now_ns) {
        rate->full_ns = now_ns;
        rate->part = 0;
    }
    bool ever = add(rate, amount);
    uint64_t allowed = allowed_ns(rate);
    int error = !ever || (allowed > now_ns && allowed > latest_ns) ? EAGAIN : 0;
    if (error) {
        rate->full_ns = before.full_ns;
        rate->part = before.part;
    }
    fan_mutex_unlock(&rate->lock);
    *at_ns = allowed > now_ns ? allowed : 0;
    return error;
}

/* Who comes next may have it. Those who wait already keep their times. */
static void give_back(struct fan_rate *rate, uint64_t amount)
{
    fan_mutex_lock(&rate->lock);
    subtract(rate, amount);
    fan_mutex_unlock(&rate->lock);
}

static int sleep_until(uint64_t at_ns, struct fan_ctx *ctx)
{
    uint64_t now_ns = fan_now_ns();
    return at_ns > now_ns ? fan_sleep(at_ns - now_ns, ctx) : fan_ctx_error(ctx);
}

int fan_rate_take(struct fan_rate *rate, uint64_t amount, struct fan_ctx *ctx)
{
    uint64_t at_ns, deadline_ns = fan_ctx_deadline(ctx);
    int error = fan_ctx_error(ctx);
    if (error)
        return error;
    error = reserve(rate, amount, deadline_ns ? deadline_ns : UINT64_MAX, &at_ns);
    if (error)
        return error == EAGAIN ? ETIMEDOUT : error;
    error = at_ns ? sleep_until(at_ns, ctx) : 0;
    if (error)
        give_back(rate, amount);
    return error;
}

int fan_rate_try_take(struct fan_rate *rate, uint64_t amount)
{
    uint64_t at_ns;
    return reserve(rate, amount, 0, &at_ns);
}
