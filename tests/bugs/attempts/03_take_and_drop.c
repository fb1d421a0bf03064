static void work_fixed(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    while (fan_chan_recv(pool->in, NULL, NULL) == 0) {
    }
    fan_waitgroup_done(&pool->working);
}
