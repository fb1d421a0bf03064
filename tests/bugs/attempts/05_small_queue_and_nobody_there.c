static void deal_fixed(struct pool *pool)
{
    uint64_t items = fan_lab_items(pool->lab), count = fan_lab_workers(pool->lab);
    struct fan_chan *in = fan_lab_chan(pool->lab, "queue", sizeof(uint64_t), count);
    for (uint64_t i = 0; i < count; i++)
        pool->workers[i].in = in;
    for (uint64_t item = 0; item < items; item++)
        fan_chan_send(in, &item, NULL);
    fan_chan_close(in);
}
