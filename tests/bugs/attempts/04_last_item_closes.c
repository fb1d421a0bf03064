static void close_after_the_last_item(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        fan_chan_send(pool->out, &(uint64_t){item * 2}, NULL);
        if (item + 1 == fan_lab_items(pool->lab))
            fan_chan_close(pool->out);
    }
}

static void start_fixed(struct pool *pool, uint64_t workers)
{
    for (uint64_t i = 0; i < workers; i++)
        fan_go("worker", close_after_the_last_item, pool);
}
