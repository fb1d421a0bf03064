struct feeder {
    struct pool *pool;
    struct fan_chan *in;
};

static void feed(void *argument)
{
    struct feeder *feeder = argument;
    for (uint64_t item = 0; item < fan_lab_items(feeder->pool->lab); item++)
        fan_chan_send(feeder->in, &item, NULL);
    fan_chan_close(feeder->in);
    fan_waitgroup_done(&feeder->pool->working);
}

static void deal_fixed(struct pool *pool)
{
    struct feeder *feeder = fan_lab_alloc(pool->lab, sizeof *feeder);
    *feeder = (struct feeder){pool, fan_lab_chan(pool->lab, "queue", sizeof(uint64_t), 1)};
    for (uint64_t i = 0; i < fan_lab_workers(pool->lab); i++)
        pool->workers[i].in = feeder->in;
    fan_waitgroup_add(&pool->working, 1);
    fan_go("feeder", feed, feeder);
}
