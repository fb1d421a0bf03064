#include "sim/places.h"

#include <stdbool.h>
#include <string.h>

/* One multiplication, not one for each frame: they would wait for each other. */
static uint32_t hash_of(const struct fan_stack *stack)
{
    uint64_t hash = stack->depth;
    for (uint32_t i = 0; i < stack->depth; i++)
        hash = (hash << 7 | hash >> 57) ^ stack->frames[i];
    return (uint32_t)(hash * 0x9e3779b97f4a7c15u >> 32);
}

static bool is_the_same(const struct fan_places_place *place, const struct fan_stack *stack,
                        uint32_t hash)
{
    if (place->hash != hash || place->depth != stack->depth)
        return false;
    for (uint32_t i = 0; i < stack->depth; i++)
        if (place->frames[i] != stack->frames[i])
            return false;
    return true;
}

static uint32_t add(struct fan_places *places, uint32_t *slot, const struct fan_stack *stack,
                    uint32_t hash)
{
    if (places->count == FAN_PLACES_MAX)
        return FAN_PLACE_UNKNOWN;
    *slot = ++places->count;
    struct fan_places_place *place = &places->places[*slot];
    place->depth = stack->depth;
    place->hash = hash;
    memcpy(place->frames, stack->frames, stack->depth * sizeof stack->frames[0]);
    return *slot;
}

/* The table is at most half full, so the search meets an empty slot. */
static uint32_t number_of(struct fan_places *places, const struct fan_stack *stack)
{
    uint32_t hash = hash_of(stack);
    for (uint32_t i = hash % FAN_PLACES_SLOTS;; i = (i + 1) % FAN_PLACES_SLOTS) {
        uint32_t *slot = &places->slots[i];
        if (*slot == FAN_PLACE_UNKNOWN)
            return add(places, slot, stack, hash);
        if (is_the_same(&places->places[*slot], stack, hash))
            return *slot;
    }
}

uint32_t fan_places_here(struct fan_places *places, uintptr_t pc, uintptr_t frame)
{
    struct fan_stack stack;
    fan_stack_capture_from(&stack, pc, frame);
    if (stack.depth > FAN_PLACES_FRAMES)
        stack.depth = FAN_PLACES_FRAMES;
    return number_of(places, &stack);
}

void fan_places_stack(const struct fan_places *places, uint32_t place, struct fan_stack *stack)
{
    stack->depth = place == FAN_PLACE_UNKNOWN ? 0 : places->places[place].depth;
    memcpy(stack->frames, places->places[place].frames, stack->depth * sizeof stack->frames[0]);
}

void fan_places_clear(struct fan_places *places)
{
    places->count = 0;
    memset(places->slots, 0, sizeof places->slots);
}
