struct limited {
    struct pool *pool;
    struct fan_semaphore permits;
};

struct task {
    struct limited *limited;
    uint64_t item;
};

static void run_task(void *argument)
{
    struct task *task = argument;
    send_square(task->limited->pool, task->item);
    fan_semaphore_release(&task->limited->permits, 1);
}

static void start_all(void *argument)
{
    struct limited *limited = argument;
    uint64_t item;
    while (fan_chan_recv(limited->pool->in, &item, NULL) == 0) {
        struct task *task = fan_lab_alloc(limited->pool->lab, sizeof *task);
        *task = (struct task){limited, item};
        fan_semaphore_acquire(&limited->permits, 1, NULL);
        fan_go("task", run_task, task);
    }
}

static void start_fixed(struct pool *pool, uint64_t workers)
{
    struct limited *limited = fan_lab_alloc(pool->lab, sizeof *limited);
    limited->pool = pool;
    fan_semaphore_init(&limited->permits, "permits", workers);
    fan_go("starter", start_all, limited);
}
