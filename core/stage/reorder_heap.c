#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stage/reorder_store.h"

/* A binary heap with the lowest number at the top (Williams, CACM 1964). Only numbers move;
 * elements stay in their slots, and those that are free are named by the entries behind the
 * heap. */
struct entry {
    uint64_t number;
    size_t slot;
};

struct fan_reorder_store {
    size_t window, element_size, held;
    char *elements;
    struct entry entries[];
};

static struct fan_reorder_store *make(size_t window, size_t element_size)
{
    struct fan_reorder_store *heap = malloc(sizeof *heap + window * sizeof(struct entry));
    char *elements = calloc(window, element_size ? element_size : 1);
    if (!heap || !elements) {
        free(heap);
        free(elements);
        return NULL;
    }
    *heap = (struct fan_reorder_store){
        .window = window, .element_size = element_size, .elements = elements};
    for (size_t i = 0; i < window; i++)
        heap->entries[i].slot = i;
    return heap;
}

static void release(struct fan_reorder_store *heap)
{
    if (heap)
        free(heap->elements);
    free(heap);
}

static void swap(struct entry *a, struct entry *b)
{
    struct entry kept = *a;
    *a = *b;
    *b = kept;
}

static void rise(struct entry *entries, size_t at)
{
    for (; at > 0 && entries[at].number < entries[(at - 1) / 2].number; at = (at - 1) / 2)
        swap(&entries[at], &entries[(at - 1) / 2]);
}

static void sink(struct entry *entries, size_t count)
{
    for (size_t at = 0, child = 1; child < count; at = child, child = 2 * at + 1) {
        if (child + 1 < count && entries[child + 1].number < entries[child].number)
            child++;
        if (entries[at].number <= entries[child].number)
            return;
        swap(&entries[at], &entries[child]);
    }
}

static bool fits(const struct fan_reorder_store *heap, uint64_t next, uint64_t number)
{
    (void)next, (void)number;
    return heap->held < heap->window;
}

static int put(struct fan_reorder_store *heap, uint64_t number, const void *element)
{
    struct entry *entry = &heap->entries[heap->held];
    entry->number = number;
    memcpy(heap->elements + entry->slot * heap->element_size, element, heap->element_size);
    rise(heap->entries, heap->held++);
    return 0;
}

static uint64_t floor_for(const struct fan_reorder_store *heap, uint64_t number)
{
    uint64_t top = heap->entries[0].number;
    return top < number ? top : number;
}

static bool has_next(const struct fan_reorder_store *heap, uint64_t next)
{
    return heap->held > 0 && heap->entries[0].number == next;
}

static bool lowest(const struct fan_reorder_store *heap, uint64_t next, uint64_t *number)
{
    (void)next;
    if (heap->held == 0)
        return false;
    *number = heap->entries[0].number;
    return true;
}

/* One that is held twice is seen when the first of them has come to the top. */
static int take(struct fan_reorder_store *heap, uint64_t next, void *element)
{
    struct entry *entries = heap->entries;
    memcpy(element, heap->elements + entries[0].slot * heap->element_size, heap->element_size);
    swap(&entries[0], &entries[--heap->held]);
    sink(entries, heap->held);
    return has_next(heap, next) ? EEXIST : 0;
}

static size_t held(const struct fan_reorder_store *heap)
{
    return heap->held;
}

const struct fan_reorder_kind fan_reorder_heap = {.make = make,
                                                  .fits = fits,
                                                  .put = put,
                                                  .floor = floor_for,
                                                  .has_next = has_next,
                                                  .lowest = lowest,
                                                  .take = take,
                                                  .held = held,
                                                  .release = release};
