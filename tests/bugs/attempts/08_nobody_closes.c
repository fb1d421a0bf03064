static void start_fixed(struct pool *pool, uint64_t workers)
{
    fan_waitgroup_add(&pool->working, (int64_t)workers);
    for (uint64_t i = 0; i < workers; i++)
        fan_go("worker", (void (*)(void *))square_all, pool);
}
