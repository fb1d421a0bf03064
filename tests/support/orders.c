#include "tests/support/orders.h"

#include <stdlib.h>

static uint32_t choose(struct orders *orders, uint32_t count)
{
    uint32_t at = orders->passed++;
    if (at >= ORDERS_CHOICES)
        abort();
    if (at >= orders->depth) {
        orders->choices[at].chosen = 0;
        orders->choices[at].count = count;
        orders->depth = at + 1;
    }
    return orders->choices[at].chosen;
}

static void begin(void *state, struct fan_sim *sim)
{
    (void)sim;
    ((struct orders *)state)->passed = 0;
}

static uint32_t choose_thread(void *state, struct fan_sim *sim, uint64_t enabled)
{
    (void)sim;
    uint32_t skip = choose(state, (uint32_t)__builtin_popcountll(enabled));
    for (; skip > 0; skip--)
        enabled &= enabled - 1;
    return (uint32_t)__builtin_ctzll(enabled);
}

static uint32_t choose_value(void *state, struct fan_sim *sim, uint32_t count)
{
    (void)sim;
    return choose(state, count);
}

static bool end(void *state, struct fan_sim *sim)
{
    struct orders *orders = state;
    (void)sim;
    while (orders->depth > 0) {
        if (++orders->choices[orders->depth - 1].chosen < orders->choices[orders->depth - 1].count)
            return true;
        orders->depth--;
    }
    return false;
}

const struct fan_strategy_kind orders_strategy = {
    .name = "every order",
    .begin = begin,
    .thread = choose_thread,
    .value = choose_value,
    .end = end,
};
