static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    int error = 0;
    while (!error && fan_chan_recv(pool->in, &item, &pool->stop) == 0) {
        error = try_item(pool, item);
        if (error) {
            fan_ctx_cancel(&pool->stop, error);
            say_failed(pool, item, error);
        }
    }
    fan_waitgroup_done(&pool->working);
}
