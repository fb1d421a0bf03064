static void work_and_close(void *argument)
{
    struct pool *pool = argument;
    work(pool);
    fan_chan_close(pool->out);
}

static void start_fixed(struct pool *pool, uint64_t workers)
{
    fan_waitgroup_add(&pool->working, (int64_t)workers);
    for (uint64_t i = 0; i < workers; i++)
        fan_go("worker", work_and_close, pool);
}
