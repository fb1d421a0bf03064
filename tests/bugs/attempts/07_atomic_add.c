static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        fan_atomic_fetch_add(&pool->counts[item % WORDS], 1, FAN_RELAXED);
    }
    fan_waitgroup_done(&pool->working);
}
