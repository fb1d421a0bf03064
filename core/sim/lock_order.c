/* No locks: one thread of the system. */
#include "sim/lock_order.h"

#include <stddef.h>

struct search {
    const struct fan_lock_order *order;
    bool (*counts)(void *argument, uint32_t step);
    void *argument;
    uint32_t last;
    uint32_t depth;
    uint32_t path[FAN_LOCK_ORDER_STEPS];
};

static bool same_step(const struct fan_lock_step *a, const struct fan_lock_step *b)
{
    return a->thread == b->thread && a->held == b->held && a->taken == b->taken &&
           a->held_shared == b->held_shared && a->taken_shared == b->taken_shared;
}

uint32_t fan_lock_order_add(struct fan_lock_order *order, const struct fan_lock_step *step)
{
    for (uint32_t i = 0; i < order->count; i++)
        if (same_step(&order->steps[i], step))
            return FAN_LOCK_ORDER_NONE;
    if (order->count == FAN_LOCK_ORDER_STEPS)
        return FAN_LOCK_ORDER_NONE;
    order->steps[order->count] = *step;
    return order->count++;
}

static bool share_a_lock(const struct fan_lock_step *a, const struct fan_lock_step *b)
{
    for (uint32_t i = 0; i < a->all_count; i++)
        for (uint32_t j = 0; j < b->all_count; j++)
            if (a->all[i] == b->all[j])
                return true;
    return false;
}

/* Whether the second waits, with what it takes, for what the first holds. */
static bool waits_for(const struct fan_lock_step *second, const struct fan_lock_step *first)
{
    return second->taken == first->held && !(second->taken_shared && first->held_shared);
}

static bool fits(const struct search *search, uint32_t step)
{
    const struct fan_lock_step *steps = search->order->steps;
    for (uint32_t i = 0; i < search->depth; i++) {
        const struct fan_lock_step *other = &steps[search->path[i]];
        if (other->thread == steps[step].thread || share_a_lock(other, &steps[step]))
            return false;
    }
    return search->counts(search->argument, step);
}

/* Goes on from the path's end, to the one that holds what it takes. True if that comes round. */
static bool comes_round(struct search *search)
{
    const struct fan_lock_step *steps = search->order->steps;
    const struct fan_lock_step *end = &steps[search->path[search->depth - 1]];
    if (search->depth > 1 && waits_for(end, &steps[search->last]))
        return true;
    for (uint32_t i = 0; i < search->order->count; i++) {
        if (!waits_for(end, &steps[i]) || !fits(search, i))
            continue;
        search->path[search->depth++] = i;
        if (comes_round(search))
            return true;
        search->depth--;
    }
    return false;
}

uint32_t fan_lock_order_circle(const struct fan_lock_order *order, uint32_t last,
                               bool (*counts)(void *argument, uint32_t step), void *argument)
{
    struct search search = {
        .order = order, .counts = counts, .argument = argument, .last = last, .depth = 1};
    search.path[0] = last;
    return comes_round(&search) ? search.path[search.depth - 1] : FAN_LOCK_ORDER_NONE;
}
