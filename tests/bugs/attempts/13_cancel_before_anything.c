static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    fan_ctx_cancel(&pool->stop, 0);
    fan_waitgroup_done(&pool->working);
}
