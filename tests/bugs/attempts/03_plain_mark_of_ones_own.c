static bool is_second_start(struct worker *worker)
{
    bool started = worker->started;
    worker->started = true;
    return started;
}

static void work_fixed(void *argument)
{
    struct worker *worker = argument;
    if (!is_second_start(worker))
        work_through_input(worker->pool);
    fan_waitgroup_done(&worker->pool->working);
}
