static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    while (fan_chan_recv(pool->in, NULL, NULL) == 0)
        ;
    fan_waitgroup_done(&pool->working);
}
