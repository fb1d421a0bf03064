static struct fan_semaphore permits;

struct task {
    struct pool *pool;
    uint64_t item;
};

static void run_task(void *argument)
{
    struct task *task = argument;
    fan_semaphore_acquire(&permits, 1, NULL);
    send_square(task->pool, task->item);
    fan_semaphore_release(&permits, 1);
}

static void start_fixed(struct pool *pool, uint64_t workers)
{
    uint64_t item;
    fan_semaphore_init(&permits, "permits", workers);
    while (fan_chan_recv(pool->in, &item, NULL) == 0) {
        struct task *task = fan_lab_alloc(pool->lab, sizeof *task);
        *task = (struct task){pool, item};
        fan_go("task", run_task, task);
    }
}
