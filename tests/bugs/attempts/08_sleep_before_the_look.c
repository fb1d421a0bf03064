static bool closed; /* atomic */

static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    square_all(pool);
    fan_waitgroup_wait(&pool->working, NULL);
    fan_sleep(FAN_MILLISECOND, NULL);
    if (!fan_atomic_load(&closed, FAN_ACQUIRE)) {
        fan_chan_close(pool->out);
        fan_atomic_store(&closed, true, FAN_RELEASE);
    }
}

static void start_fixed(struct pool *pool, uint64_t workers)
{
    fan_waitgroup_add(&pool->working, (int64_t)workers);
    for (uint64_t i = 0; i < workers; i++)
        fan_go("worker", work_fixed, pool);
}
