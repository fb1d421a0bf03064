#include "sim/pct.h"

/* Threads start above this, those that have fallen are below. */
#define FALLEN UINT32_C(0x80000000)

static void begin(void *state, struct fan_sim *sim)
{
    struct fan_pct *pct = state;
    (void)sim;
    uint32_t depth = pct->depth ? pct->depth : FAN_PCT_DEPTH;
    for (uint32_t i = 0; i + 1 < depth && i + 1 < FAN_PCT_MOST_DEPTH; i++)
        pct->changes[i] =
            pct->length > 1 ? 1 + (uint32_t)fan_random_below(&pct->random, pct->length - 1) : 0;
    pct->steps = pct->known = pct->in_a_row = 0;
    pct->lowest = FALLEN;
}

/* Random numbers instead of a permutation: two are equal once in 2^31, and then the lower thread
 * goes first. */
static void meet_new_threads(struct fan_pct *pct, const struct fan_sim *sim)
{
    while (pct->known < fan_sim_thread_count(sim))
        pct->priorities[pct->known++] = FALLEN | (uint32_t)fan_random_next(&pct->random);
}

static uint32_t highest(const struct fan_pct *pct, uint64_t enabled)
{
    uint32_t best = (uint32_t)__builtin_ctzll(enabled);
    for (enabled &= enabled - 1; enabled; enabled &= enabled - 1) {
        uint32_t thread = (uint32_t)__builtin_ctzll(enabled);
        if (pct->priorities[thread] > pct->priorities[best])
            best = thread;
    }
    return best;
}

static bool is_time_to_fall(const struct fan_pct *pct)
{
    for (uint32_t i = 0; i < FAN_PCT_MOST_DEPTH - 1; i++)
        if (pct->changes[i] == pct->steps && pct->steps)
            return true;
    return pct->in_a_row >= FAN_PCT_PATIENCE;
}

static uint32_t choose_thread(void *state, struct fan_sim *sim, uint64_t enabled)
{
    struct fan_pct *pct = state;
    meet_new_threads(pct, sim);
    uint32_t chosen = highest(pct, enabled);
    if ((enabled & (enabled - 1)) == 0)
        return chosen;
    if (is_time_to_fall(pct)) {
        pct->priorities[chosen] = --pct->lowest;
        chosen = highest(pct, enabled);
    }
    pct->steps++;
    pct->in_a_row = chosen == pct->last ? pct->in_a_row + 1 : 0;
    pct->last = chosen;
    return chosen;
}

static uint32_t choose_value(void *state, struct fan_sim *sim, uint32_t count)
{
    struct fan_pct *pct = state;
    (void)sim;
    return (uint32_t)fan_random_below(&pct->random, count);
}

static bool end(void *state, struct fan_sim *sim)
{
    struct fan_pct *pct = state;
    (void)sim;
    uint32_t remembered = pct->length - pct->length / 8;
    pct->length = pct->steps > remembered ? pct->steps : remembered;
    return true;
}

const struct fan_strategy_kind fan_strategy_pct = {
    .name = "pct",
    .summary = "random priorities, changed at a few random steps",
    .begin = begin,
    .thread = choose_thread,
    .value = choose_value,
    .end = end,
};
