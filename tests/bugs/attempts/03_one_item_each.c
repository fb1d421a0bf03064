static void work_fixed(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    uint64_t item;
    if (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        fan_lab_output(pool->lab, item, item);
        fan_lab_result(pool->lab);
    }
    fan_waitgroup_done(&pool->working);
}
