static void work_fixed(void *argument)
{
    struct worker *worker = argument;
    work_through_input(worker->pool);
    fan_waitgroup_done(&worker->pool->working);
}
