static void work_fixed(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    if (!fan_atomic_exchange(&pool->started, true, FAN_ACQ_REL)) {
        work_through_input(pool);
        fan_atomic_store(&pool->started, false, FAN_RELEASE);
    }
    fan_waitgroup_done(&pool->working);
}
