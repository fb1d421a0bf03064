struct closing {
    struct pool *pool;
    struct fan_once once;
};

static void close_out(void *argument)
{
    fan_chan_close(argument);
}

static void work_fixed(void *argument)
{
    struct closing *closing = argument;
    square_all(closing->pool);
    fan_waitgroup_wait(&closing->pool->working, NULL);
    fan_once(&closing->once, close_out, closing->pool->out);
}

static void start_fixed(struct pool *pool, uint64_t workers)
{
    struct closing *closing = fan_lab_alloc(pool->lab, sizeof *closing);
    closing->pool = pool;
    fan_waitgroup_add(&pool->working, (int64_t)workers);
    for (uint64_t i = 0; i < workers; i++)
        fan_go("worker", work_fixed, closing);
}
