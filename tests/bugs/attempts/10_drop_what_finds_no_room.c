static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        while (fan_chan_try_send(pool->out, &item) != 0 && fan_ctx_error(&pool->wanted) == 0)
            fan_sleep(FAN_MILLISECOND, NULL);
    }
}
