static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    int error = fan_chan_recv(pool->in, &item, &pool->wanted);
    while (!error) {
        fan_lab_work(pool->lab, item);
        error = fan_chan_send(pool->out, &item, &pool->wanted);
        if (!error)
            error = fan_chan_recv(pool->in, &item, &pool->wanted);
    }
}
