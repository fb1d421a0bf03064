static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0)
        try_item(pool, item);
    fan_waitgroup_done(&pool->working);
}
