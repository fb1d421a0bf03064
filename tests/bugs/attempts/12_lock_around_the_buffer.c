static struct fan_mutex filling;

static void work_fixed(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        fan_mutex_lock(&filling);
        fan_lab_output(pool->lab, item, fill_and_sum(worker->buffer, item));
        fan_mutex_unlock(&filling);
    }
    fan_waitgroup_done(&pool->working);
}
