#include <stdlib.h>

static int by_item(const void *a, const void *b)
{
    const struct result *one = a, *other = b;
    return (one->item > other->item) - (one->item < other->item);
}

static void collect_fixed(struct pool *pool)
{
    uint64_t count = 0;
    struct result *results = fan_lab_alloc(pool->lab, fan_lab_items(pool->lab) * sizeof *results);
    while (fan_chan_recv(pool->out, &results[count], NULL) == 0) {
        count++;
        fan_lab_result(pool->lab);
    }
    qsort(results, count, sizeof *results, by_item);
    for (uint64_t i = 0; i < count; i++)
        pool->squares[i] = results[i].square;
}
