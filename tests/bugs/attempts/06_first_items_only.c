struct task {
    struct pool *pool;
    uint64_t item;
};

static void run_task(void *argument)
{
    struct task *task = argument;
    send_square(task->pool, task->item);
}

static void start_fixed(struct pool *pool, uint64_t workers)
{
    uint64_t item;
    for (uint64_t i = 0; i < workers && fan_chan_recv(pool->in, &item, NULL) == 0; i++) {
        struct task *task = fan_lab_alloc(pool->lab, sizeof *task);
        *task = (struct task){pool, item};
        fan_go("task", run_task, task);
    }
}
