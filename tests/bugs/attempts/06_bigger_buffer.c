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
    (void)workers;
    pool->out = fan_lab_chan(pool->lab, "out", sizeof(uint64_t), fan_lab_items(pool->lab));
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        struct task *task = fan_lab_alloc(pool->lab, sizeof *task);
        *task = (struct task){pool, item};
        fan_go("task", run_task, task);
    }
}
