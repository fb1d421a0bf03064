static void close_later(void *argument)
{
    struct pool *pool = argument;
    fan_sleep(1, NULL);
    fan_chan_close(pool->out);
}

static void start_fixed(struct pool *pool, uint64_t workers)
{
    fan_waitgroup_add(&pool->working, (int64_t)workers);
    fan_go("closer", close_later, pool);
    for (uint64_t i = 0; i < workers; i++)
        fan_go("worker", work, pool);
    fan_sleep(2, NULL);
}
