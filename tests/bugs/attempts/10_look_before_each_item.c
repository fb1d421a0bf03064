static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    while (fan_ctx_error(&pool->wanted) == 0 && fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        fan_chan_send(pool->out, &item, NULL);
    }
}
