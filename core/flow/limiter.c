/* The permits are those of a semaphore, so that waiting, its order and its end by a context are
 * that one's affair. Of its permits, the ceiling's number, the limiter holds back those beyond the
 * limit:
 *
 *     ceiling = limit + held_back + owed
 *
 * `lock` guards the rule and the two numbers. Permits go back to the semaphore after it is left. */
#include "flow/limiter.h"

#include <errno.h>

#include "run/time.h"

int fan_limiter_init(struct fan_limiter *limiter, const struct fan_limiter_options *options)
{
    static const struct fan_limiter_options none;
    options = options ? options : &none;
    int error = fan_aimd_init(&limiter->rule, &options->rule);
    if (error)
        return error;
    int ceiling = limiter->rule.options.ceiling;
    limiter->lock = (struct fan_mutex){.name = "limiter"};
    limiter->held_back = ceiling - limiter->rule.limit;
    limiter->owed = limiter->wanted = 0;
    fan_semaphore_init(&limiter->room, options->name ? options->name : "limiter",
                       (uint64_t)ceiling);
    if (limiter->held_back)
        fan_semaphore_try_acquire(&limiter->room, (uint64_t)limiter->held_back);
    return 0;
}

void fan_limiter_destroy(struct fan_limiter *limiter)
{
    if (limiter->held_back)
        fan_semaphore_release(&limiter->room, (uint64_t)limiter->held_back);
    fan_semaphore_destroy(&limiter->room);
    fan_mutex_destroy(&limiter->lock);
}

/* Who waits is counted too: that the limit is used up is to be seen also in the moment between one
 * who leaves and the next, who has the permit and does not run yet. */
static void count(struct fan_limiter *limiter, int one)
{
    fan_mutex_lock(&limiter->lock);
    limiter->wanted += one;
    fan_mutex_unlock(&limiter->lock);
}

int fan_limiter_acquire(struct fan_limiter *limiter, struct fan_ctx *ctx)
{
    count(limiter, 1);
    int error = fan_semaphore_acquire(&limiter->room, 1, ctx);
    if (error)
        count(limiter, -1);
    return error;
}

int fan_limiter_try_acquire(struct fan_limiter *limiter)
{
    int error = fan_semaphore_try_acquire(&limiter->room, 1);
    if (!error)
        count(limiter, 1);
    return error;
}

static void tell_rule(struct fan_limiter *limiter, uint64_t began_ns,
                      enum fan_limiter_outcome outcome)
{
    uint64_t now_ns = fan_now_ns();
    if (outcome == FAN_LIMITER_DONE)
        fan_aimd_saw(&limiter->rule, began_ns, now_ns, limiter->wanted);
    else if (outcome == FAN_LIMITER_OVERLOADED)
        fan_aimd_saw_overload(&limiter->rule, began_ns, now_ns);
}

/* Takes permits that nobody has, and will take others as they come. */
static void lower(struct fan_limiter *limiter, int by)
{
    limiter->owed += by;
    while (limiter->owed && fan_semaphore_try_acquire(&limiter->room, 1) == 0) {
        limiter->owed--;
        limiter->held_back++;
    }
}

/* Returns how many permits are to be given back to the semaphore, the caller's own included. */
static int settle(struct fan_limiter *limiter, int limit_before)
{
    int change = limiter->rule.limit - limit_before;
    int to_give = 1;
    if (change < 0)
        lower(limiter, -change);
    else
        to_give += change;
    int kept = to_give < limiter->owed ? to_give : limiter->owed;
    limiter->owed -= kept;
    limiter->held_back += kept - (change > 0 ? change : 0);
    return to_give - kept;
}

void fan_limiter_release(struct fan_limiter *limiter, uint64_t began_ns,
                         enum fan_limiter_outcome outcome)
{
    fan_mutex_lock(&limiter->lock);
    int limit = limiter->rule.limit;
    tell_rule(limiter, began_ns, outcome);
    limiter->wanted--;
    int to_give = settle(limiter, limit);
    fan_mutex_unlock(&limiter->lock);
    if (to_give)
        fan_semaphore_release(&limiter->room, (uint64_t)to_give);
}

enum fan_limiter_outcome fan_limiter_outcome_of(int error)
{
    switch (error) {
    case 0:
        return FAN_LIMITER_DONE;
    case EAGAIN:
    case EBUSY:
    case ENOBUFS:
    case ENOMEM:
    case ECONNREFUSED:
    case ETIMEDOUT:
        return FAN_LIMITER_OVERLOADED;
    default:
        return FAN_LIMITER_IGNORED;
    }
}

void fan_limiter_look(struct fan_limiter *limiter, struct fan_limiter_state *state)
{
    fan_mutex_lock(&limiter->lock);
    *state = (struct fan_limiter_state){
        .limit = limiter->rule.limit,
        .wanted = limiter->wanted,
        .baseline_ns = (uint64_t)limiter->rule.baseline_ns,
        .increases = limiter->rule.increases,
        .decreases = limiter->rule.decreases,
    };
    fan_mutex_unlock(&limiter->lock);
}
