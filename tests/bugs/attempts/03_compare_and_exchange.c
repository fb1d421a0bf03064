static void work_fixed(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    bool no = false;
    if (fan_atomic_compare_exchange(&pool->started, &no, true, FAN_ACQ_REL, FAN_ACQUIRE))
        work_through_input(pool);
    fan_waitgroup_done(&pool->working);
}
