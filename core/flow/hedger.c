#include "flow/hedger.h"

#include <errno.h>

enum {
    LOOK_EVERY = 64,    /* latencies between two looks at the percentile */
    FADE_EVERY = 20000, /* after so many, what was before weighs half */
};

static double value_or(double value, double otherwise)
{
    return value > 0 || value < 0 ? value : otherwise;
}

int fan_hedger_init(struct fan_hedger *hedger, const struct fan_hedger_options *options)
{
    static const struct fan_hedger_options none;
    struct fan_hedger_options filled_in = options ? *options : none;
    filled_in.percentile = value_or(filled_in.percentile, 95);
    filled_in.extra_percent = value_or(filled_in.extra_percent, 6);
    filled_in.burst = value_or(filled_in.burst, 100);
    if (!(filled_in.percentile > 0 && filled_in.percentile < 100) ||
        !(filled_in.extra_percent > 0) || !(filled_in.burst > 0))
        return EINVAL;
    *hedger = (struct fan_hedger){.options = filled_in, .lock.name = "hedger"};
    return 0;
}

void fan_hedger_destroy(struct fan_hedger *hedger)
{
    fan_mutex_destroy(&hedger->lock);
}

/* With the lock. */
static uint64_t delay(const struct fan_hedger *hedger)
{
    return hedger->options.delay_ns ? hedger->options.delay_ns : hedger->percentile_ns;
}

uint64_t fan_hedger_begin(struct fan_hedger *hedger)
{
    fan_mutex_lock(&hedger->lock);
    hedger->calls++;
    hedger->tokens += hedger->options.extra_percent / 100;
    if (hedger->tokens > hedger->options.burst)
        hedger->tokens = hedger->options.burst;
    uint64_t delay_ns = delay(hedger);
    fan_mutex_unlock(&hedger->lock);
    return delay_ns;
}

bool fan_hedger_spend(struct fan_hedger *hedger)
{
    fan_mutex_lock(&hedger->lock);
    bool may = hedger->tokens >= 1;
    if (may) {
        hedger->tokens -= 1;
        hedger->hedges++;
    } else {
        hedger->refused++;
    }
    fan_mutex_unlock(&hedger->lock);
    return may;
}

/* With the lock. */
static void look_again(struct fan_hedger *hedger)
{
    hedger->percentile_ns = fan_histogram_percentile(&hedger->taken, hedger->options.percentile);
    if (hedger->percentile_ns == 0)
        hedger->percentile_ns = 1;
}

void fan_hedger_saw(struct fan_hedger *hedger, uint64_t latency_ns)
{
    fan_mutex_lock(&hedger->lock);
    fan_histogram_record(&hedger->taken, latency_ns);
    hedger->seen++;
    if (hedger->seen % FADE_EVERY == 0)
        fan_histogram_fade(&hedger->taken);
    if (hedger->seen == FAN_HEDGER_ENOUGH || hedger->seen % LOOK_EVERY == 0)
        if (hedger->seen >= FAN_HEDGER_ENOUGH)
            look_again(hedger);
    fan_mutex_unlock(&hedger->lock);
}

void fan_hedger_look(struct fan_hedger *hedger, struct fan_hedger_state *state)
{
    fan_mutex_lock(&hedger->lock);
    *state = (struct fan_hedger_state){
        .delay_ns = delay(hedger),
        .calls = hedger->calls,
        .hedges = hedger->hedges,
        .refused = hedger->refused,
    };
    fan_mutex_unlock(&hedger->lock);
}
