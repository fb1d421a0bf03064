static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    int64_t item;
    while (fan_chan_recv(pool->in, &item, &pool->stop) == 0) {
        if (item < 0)
            continue;
        fan_lab_work(pool->lab, (uint64_t)item);
        give(pool->lab, item);
    }
    fan_waitgroup_done(&pool->working);
}
