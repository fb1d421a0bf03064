static void deal_fixed(struct pool *pool)
{
    struct fan_chan *in = fan_lab_inputs(pool->lab);
    for (uint64_t i = 0; i < fan_lab_workers(pool->lab); i++)
        pool->workers[i].in = in;
}
