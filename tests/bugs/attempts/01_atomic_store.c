static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    int error = 0;
    while (!error && fan_chan_recv(pool->in, &item, NULL) == 0) {
        error = try_item(pool, item);
        if (error) {
            fan_atomic_store(&pool->first_error, error, FAN_RELEASE);
            say_failed(pool, item, error);
        }
    }
    fan_waitgroup_done(&pool->working);
}
