static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        fan_mutex_lock(&pool->merging);
        FAN_READ(pool->counts[item % WORDS]);
        uint64_t before = pool->counts[item % WORDS];
        fan_mutex_unlock(&pool->merging);
        fan_mutex_lock(&pool->merging);
        FAN_WRITE(pool->counts[item % WORDS]);
        pool->counts[item % WORDS] = before + 1;
        fan_mutex_unlock(&pool->merging);
    }
    fan_waitgroup_done(&pool->working);
}
