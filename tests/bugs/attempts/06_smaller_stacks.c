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
    struct fan_thread *thread;
    (void)workers;
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        struct task *task = fan_lab_alloc(pool->lab, sizeof *task);
        *task = (struct task){pool, item};
        fan_thread_spawn(&(struct fan_thread_options){.name = "task", .stack_size = 32 * 1024},
                         run_task, task, &thread);
    }
}
