static struct fan_once closing;

static void close_out(void *argument)
{
    fan_chan_close(argument);
}

static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    square_all(pool);
    fan_once(&closing, close_out, pool->out);
}

static void start_fixed(struct pool *pool, uint64_t workers)
{
    fan_waitgroup_add(&pool->working, (int64_t)workers);
    for (uint64_t i = 0; i < workers; i++)
        fan_go("worker", work_fixed, pool);
}
