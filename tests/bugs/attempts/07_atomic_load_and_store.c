static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        uint64_t before = fan_atomic_load(&pool->counts[item % WORDS], FAN_SEQ_CST);
        fan_atomic_store(&pool->counts[item % WORDS], before + 1, FAN_SEQ_CST);
    }
    fan_waitgroup_done(&pool->working);
}
