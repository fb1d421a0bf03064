#ifndef FAN_SIM_PLACES_H
#define FAN_SIM_PLACES_H

#include <stdint.h>

#include "base/stack.h"

/* The places of a program: each stack that was ever seen, kept once and called by a number, so that
 * an access can remember where it was made in four bytes (ThreadSanitizer's stack depot is the
 * model). Only the innermost FAN_PLACES_FRAMES frames count. Numbers keep their meaning from run to
 * run: the same program passes the same places.
 *
 * There is room for FAN_PLACES_MAX. What comes later, and nothing else, is FAN_PLACE_UNKNOWN. A
 * table of zeros is empty. Nothing here blocks or allocates. */
enum {
    FAN_PLACES_FRAMES = 8,
    FAN_PLACES_MAX = 4096,
    FAN_PLACES_SLOTS = 2 * FAN_PLACES_MAX,
    FAN_PLACE_UNKNOWN = 0,
};

struct fan_places_place {
    uint32_t depth;
    uint32_t hash;
    uintptr_t frames[FAN_PLACES_FRAMES];
};

struct fan_places {
    uint32_t count; /* FAN_PLACES_MAX: there is no more room */
    uint32_t slots[FAN_PLACES_SLOTS];
    struct fan_places_place places[FAN_PLACES_MAX + 1]; /* the number of a place is its index */
};

/* The number of the calling thread's stack from `pc` on, where `frame` is the frame pointer that
 * goes with it (fan_stack_capture_from; 0 ends the stack there). */
uint32_t fan_places_here(struct fan_places *places, uintptr_t pc, uintptr_t frame);

/* Writes the stack that a number stands for; an empty one for FAN_PLACE_UNKNOWN. */
void fan_places_stack(const struct fan_places *places, uint32_t place, struct fan_stack *stack);

/* Forgets all places; the numbers given out before mean nothing any more. */
void fan_places_clear(struct fan_places *places);

#endif
