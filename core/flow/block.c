#include "flow/block.h"

#include <stdlib.h>

/* Up to whole lines; false if that overflows. */
static bool round_up(size_t *bytes)
{
    bool fits = !__builtin_add_overflow(*bytes, FAN_BLOCK_LINE - 1, bytes);
    *bytes = *bytes / FAN_BLOCK_LINE * FAN_BLOCK_LINE;
    return fits;
}

bool fan_block_add(size_t *total, size_t count, size_t size, size_t *begin)
{
    size_t bytes;
    *begin = *total;
    return !__builtin_mul_overflow(count, size, &bytes) && round_up(&bytes) &&
           !__builtin_add_overflow(*total, bytes, total);
}

void *fan_block_new(size_t total)
{
    return round_up(&total) ? aligned_alloc(FAN_BLOCK_LINE, total) : NULL;
}
