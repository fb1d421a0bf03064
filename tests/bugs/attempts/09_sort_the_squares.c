#include <stdlib.h>

static int by_size(const void *a, const void *b)
{
    const uint64_t *one = a, *other = b;
    return (*one > *other) - (*one < *other);
}

static void collect_fixed(struct pool *pool)
{
    struct result result;
    uint64_t count = 0;
    while (fan_chan_recv(pool->out, &result, NULL) == 0) {
        pool->squares[count++] = result.square;
        fan_lab_result(pool->lab);
    }
    qsort(pool->squares, count, sizeof *pool->squares, by_size);
}
