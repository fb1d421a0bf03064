static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    fan_waitgroup_done(&pool->working);
}
