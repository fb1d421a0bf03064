struct crew {
    struct pool *pool;
    uint64_t count;
    struct fan_thread *threads[64];
};

static void join_and_close(void *argument)
{
    struct crew *crew = argument;
    for (uint64_t i = 0; i < crew->count; i++)
        fan_thread_join(crew->threads[i]);
    fan_chan_close(crew->pool->out);
}

static void start_fixed(struct pool *pool, uint64_t workers)
{
    struct crew *crew = fan_lab_alloc(pool->lab, sizeof *crew);
    crew->pool = pool;
    crew->count = workers;
    fan_waitgroup_add(&pool->working, (int64_t)workers);
    for (uint64_t i = 0; i < workers; i++)
        fan_thread_spawn(&(struct fan_thread_options){.name = "worker"}, work, pool,
                         &crew->threads[i]);
    fan_go("closer", join_and_close, crew);
}
