#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stage/reorder_store.h"

/* The element with number n stands at place n modulo the window. */
struct fan_reorder_store {
    size_t window, element_size, held;
    char *elements;
    bool taken[]; /* places */
};

static struct fan_reorder_store *make(size_t window, size_t element_size)
{
    struct fan_reorder_store *ring = calloc(1, sizeof *ring + window);
    char *elements = calloc(window, element_size ? element_size : 1);
    if (!ring || !elements) {
        free(ring);
        free(elements);
        return NULL;
    }
    ring->window = window;
    ring->element_size = element_size;
    ring->elements = elements;
    return ring;
}

static void release(struct fan_reorder_store *ring)
{
    if (ring)
        free(ring->elements);
    free(ring);
}

static size_t place_of(const struct fan_reorder_store *ring, uint64_t number)
{
    return (size_t)(number % ring->window);
}

static bool fits(const struct fan_reorder_store *ring, uint64_t next, uint64_t number)
{
    return number - next < ring->window;
}

static int put(struct fan_reorder_store *ring, uint64_t number, const void *element)
{
    size_t place = place_of(ring, number);
    if (ring->taken[place])
        return EEXIST;
    memcpy(ring->elements + place * ring->element_size, element, ring->element_size);
    ring->taken[place] = true;
    ring->held++;
    return 0;
}

static uint64_t floor_for(const struct fan_reorder_store *ring, uint64_t number)
{
    return number - (ring->window - 1);
}

static bool has_next(const struct fan_reorder_store *ring, uint64_t next)
{
    return ring->taken[place_of(ring, next)];
}

static bool lowest(const struct fan_reorder_store *ring, uint64_t next, uint64_t *number)
{
    if (ring->held == 0)
        return false;
    while (!has_next(ring, next))
        next++;
    *number = next;
    return true;
}

static int take(struct fan_reorder_store *ring, uint64_t next, void *element)
{
    size_t place = place_of(ring, next);
    memcpy(element, ring->elements + place * ring->element_size, ring->element_size);
    ring->taken[place] = false;
    ring->held--;
    return 0;
}

static size_t held(const struct fan_reorder_store *ring)
{
    return ring->held;
}

const struct fan_reorder_kind fan_reorder_ring = {.make = make,
                                                  .fits = fits,
                                                  .put = put,
                                                  .floor = floor_for,
                                                  .has_next = has_next,
                                                  .lowest = lowest,
                                                  .take = take,
                                                  .held = held,
                                                  .release = release};
