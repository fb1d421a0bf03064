static void work_fixed(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    fan_sleep(1000 * 1000, NULL);
    if (!fan_atomic_exchange(&pool->started, true, FAN_ACQ_REL))
        work_through_input(pool);
    fan_waitgroup_done(&pool->working);
}
