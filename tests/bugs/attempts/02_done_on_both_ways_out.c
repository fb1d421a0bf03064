static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    int64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        if (item < 0) {
            fan_waitgroup_done(&pool->working);
            return;
        }
        fan_lab_work(pool->lab, (uint64_t)item);
        fan_chan_send(pool->out, &item, NULL);
    }
    fan_waitgroup_done(&pool->working);
}
