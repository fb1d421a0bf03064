static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    square_all(pool);
    if (fan_atomic_fetch_sub(&pool->left, 1, FAN_ACQ_REL) == 1)
        fan_chan_close(pool->out);
}

static void start_fixed(struct pool *pool, uint64_t workers)
{
    pool->left = workers;
    fan_waitgroup_add(&pool->working, (int64_t)workers);
    for (uint64_t i = 0; i < workers; i++)
        fan_go("worker", work_fixed, pool);
}
