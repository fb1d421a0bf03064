static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    uint64_t item, own[WORDS] = {0};
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        fan_lab_work(pool->lab, item);
        count(own, item % WORDS);
    }
    for (uint64_t word = 0; word < WORDS; word++) {
        FAN_READ(pool->counts[word]);
        uint64_t before = pool->counts[word];
        FAN_WRITE(pool->counts[word]);
        pool->counts[word] = before + own[word];
    }
    fan_waitgroup_done(&pool->working);
}
