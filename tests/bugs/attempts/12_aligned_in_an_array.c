struct aligned {
    _Alignas(64) struct buffer buffer;
};

static struct aligned buffers[64];

static void work_fixed(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    uint64_t item;
    struct buffer *own = &buffers[worker->buffer - pool->buffers].buffer;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        fan_lab_output(pool->lab, item, fill_and_sum(own, item));
    }
    fan_waitgroup_done(&pool->working);
}
