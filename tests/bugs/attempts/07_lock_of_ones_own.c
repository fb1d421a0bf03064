static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    struct fan_mutex own = {.name = "own"};
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        fan_mutex_lock(&own);
        count(pool->counts, item % WORDS);
        fan_mutex_unlock(&own);
    }
    fan_waitgroup_done(&pool->working);
}
