#ifndef FAN_STAGE_REORDER_STORE_H
#define FAN_STAGE_REORDER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a reorder holds the elements that came early. There are two: a ring, in which an element
 * stands where its number says, and a heap, in which it stands by its rank. In all calls `next` is
 * the number that is waited for; nothing below it is held. */
struct fan_reorder_store;

struct fan_reorder_kind {
    /* NULL if there is no memory. `window` such elements, and some words for each, have a size. */
    struct fan_reorder_store *(*make)(size_t window, size_t element_size);

    /* Whether there is a place for an element with a number above `next`. */
    bool (*fits)(const struct fan_reorder_store *store, uint64_t next, uint64_t number);

    /* Holds a copy of an element that fits. Errors: EEXIST (seen to be held already). */
    int (*put)(struct fan_reorder_store *store, uint64_t number, const void *element);

    /* For one that does not fit: the number that is to be waited for instead of `next` at least, so
     * that it will; not above it. */
    uint64_t (*floor)(const struct fan_reorder_store *store, uint64_t number);

    bool (*has_next)(const struct fan_reorder_store *store, uint64_t next);

    /* The lowest number that is held; false if none is. */
    bool (*lowest)(const struct fan_reorder_store *store, uint64_t next, uint64_t *number);

    /* Takes out the one with the number `next`, which is held. Errors: EEXIST (there is another
     * one). */
    int (*take)(struct fan_reorder_store *store, uint64_t next, void *element);

    size_t (*held)(const struct fan_reorder_store *store);
    void (*release)(struct fan_reorder_store *store); /* NULL is accepted */
};

extern const struct fan_reorder_kind fan_reorder_ring, fan_reorder_heap;

#endif
