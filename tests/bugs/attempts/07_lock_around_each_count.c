static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        fan_mutex_lock(&pool->merging);
        count(pool->counts, item % WORDS);
        fan_mutex_unlock(&pool->merging);
    }
    fan_waitgroup_done(&pool->working);
}
