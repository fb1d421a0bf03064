#include "sim/random.h"

#include "base/bits.h"
#include "sim/sim.h"

static void begin(void *state, struct fan_sim *sim)
{
    (void)state;
    (void)sim;
}

static uint32_t choose_thread(void *state, struct fan_sim *sim, uint64_t enabled)
{
    (void)sim;
    if ((enabled & (enabled - 1)) == 0)
        return (uint32_t)__builtin_ctzll(enabled);
    return fan_bits_nth(enabled, (uint32_t)fan_random_below(state, fan_bits_count(enabled)));
}

static uint32_t choose_value(void *state, struct fan_sim *sim, uint32_t count)
{
    (void)sim;
    return (uint32_t)fan_random_below(state, count);
}

static bool end(void *state, struct fan_sim *sim)
{
    (void)state;
    (void)sim;
    return true;
}

const struct fan_strategy_kind fan_strategy_random = {
    .name = "random",
    .summary = "every possibility equally likely, at every choice",
    .begin = begin,
    .thread = choose_thread,
    .value = choose_value,
    .end = end,
};
