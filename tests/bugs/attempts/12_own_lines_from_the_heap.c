#include <stdlib.h>

static void work_fixed(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    struct buffer *own = aligned_alloc(64, 128);
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        fan_lab_output(pool->lab, item, fill_and_sum(own, item));
    }
    free(own);
    fan_waitgroup_done(&pool->working);
}
