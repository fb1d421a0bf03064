static void deal_fixed(struct pool *pool)
{
    uint64_t items = fan_lab_items(pool->lab), count = fan_lab_workers(pool->lab);
    for (uint64_t i = 0; i < count; i++) {
        pool->workers[i].in = fan_lab_chan(pool->lab, "queue", sizeof(uint64_t), items);
        for (uint64_t item = items * i / count; item < items * (i + 1) / count; item++)
            fan_chan_send(pool->workers[i].in, &item, NULL);
        fan_chan_close(pool->workers[i].in);
    }
}
