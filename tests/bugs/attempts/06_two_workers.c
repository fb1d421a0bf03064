static void work(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0)
        send_square(pool, item);
}

static void start_fixed(struct pool *pool, uint64_t workers)
{
    (void)workers;
    fan_go("worker", work, pool);
    fan_go("worker", work, pool);
}
