struct leaving {
    struct pool *pool;
    uint64_t left; /* workers; atomic */
};

static void work_and_count_out(void *argument)
{
    struct leaving *leaving = argument;
    work(leaving->pool);
    if (fan_atomic_fetch_sub(&leaving->left, 1, FAN_ACQ_REL) == 1)
        fan_chan_close(leaving->pool->out);
}

static void start_fixed(struct pool *pool, uint64_t workers)
{
    struct leaving *leaving = fan_lab_alloc(pool->lab, sizeof *leaving);
    *leaving = (struct leaving){pool, workers};
    fan_waitgroup_add(&pool->working, (int64_t)workers);
    for (uint64_t i = 0; i < workers; i++)
        fan_go("worker", work_and_count_out, leaving);
}
