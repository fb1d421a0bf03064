static int error_so_far(struct pool *pool)
{
    fan_mutex_lock(&pool->guard);
    FAN_READ(pool->first_error);
    int error = pool->first_error;
    fan_mutex_unlock(&pool->guard);
    return error;
}

static void keep_first(struct pool *pool, int error)
{
    fan_mutex_lock(&pool->guard);
    FAN_WRITE(pool->first_error);
    if (!pool->first_error)
        pool->first_error = error;
    fan_mutex_unlock(&pool->guard);
}

static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    while (!error_so_far(pool) && fan_chan_recv(pool->in, &item, NULL) == 0) {
        int error = try_item(pool, item);
        if (error) {
            keep_first(pool, error);
            say_failed(pool, item, error);
        }
    }
    fan_waitgroup_done(&pool->working);
}
