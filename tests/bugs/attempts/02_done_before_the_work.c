static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    int64_t item;
    fan_waitgroup_done(&pool->working);
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        if (item < 0)
            return;
        fan_lab_work(pool->lab, (uint64_t)item);
        fan_chan_send(pool->out, &item, NULL);
    }
}
