static void start_fixed(struct pool *pool, uint64_t workers)
{
    pool->out = fan_lab_chan(pool->lab, "out", sizeof(uint64_t), 1000);
    fan_waitgroup_add(&pool->working, (int64_t)workers);
    for (uint64_t i = 0; i < workers; i++)
        fan_go("worker", work, pool);
}
