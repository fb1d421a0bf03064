static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    while (fan_ctx_error(&pool->wanted) == 0 && fan_chan_try_recv(pool->in, &item) == 0) {
        fan_lab_work(pool->lab, item);
        fan_chan_send(pool->out, &item, &pool->wanted);
    }
}
