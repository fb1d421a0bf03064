static void deal_fixed(struct pool *pool)
{
    struct fan_random random = {.state = fan_lab_seed(pool->lab)};
    uint64_t items = fan_lab_items(pool->lab), count = fan_lab_workers(pool->lab);
    for (uint64_t i = 0; i < count; i++)
        pool->workers[i].in = fan_lab_chan(pool->lab, "queue", sizeof(uint64_t), items);
    for (uint64_t item = 0; item < items; item++)
        fan_chan_send(pool->workers[fan_random_below(&random, count)].in, &item, NULL);
    for (uint64_t i = 0; i < count; i++)
        fan_chan_close(pool->workers[i].in);
}
