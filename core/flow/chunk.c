#include "flow/chunk.h"

#include <stdbool.h>
#include <stdlib.h>

enum { LINE = 64 };

/* Adds room for `count` elements, in whole cache lines, and tells where it begins. */
static bool add_room(size_t *total, size_t count, size_t size, size_t *begin)
{
    size_t bytes;
    *begin = *total;
    return !__builtin_mul_overflow(count, size, &bytes) &&
           !__builtin_add_overflow(bytes, LINE - 1, &bytes) &&
           !__builtin_add_overflow(*total, bytes / LINE * LINE, total);
}

struct fan_chunk *fan_chunk_new(uint32_t size, size_t task_size, size_t result_size)
{
    size_t total = 0, head, errors, tasks, values;
    if (!add_room(&total, 1, sizeof(struct fan_chunk), &head) ||
        !add_room(&total, size, sizeof(int), &errors) ||
        !add_room(&total, size, task_size, &tasks) || !add_room(&total, size, result_size, &values))
        return NULL;
    char *memory = aligned_alloc(LINE, total);
    if (!memory)
        return NULL;
    struct fan_chunk *chunk = (struct fan_chunk *)(memory + head);
    *chunk = (struct fan_chunk){
        .errors = (int *)(memory + errors), .tasks = memory + tasks, .values = memory + values};
    fan_list_init(&chunk->link);
    return chunk;
}
