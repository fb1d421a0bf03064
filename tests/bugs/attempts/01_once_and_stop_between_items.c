static struct fan_once first; /* of the whole run, which is the whole program */

struct failure {
    struct pool *pool;
    int error;
};

static void keep_and_stop(void *argument)
{
    struct failure *failure = argument;
    FAN_WRITE(failure->pool->first_error);
    failure->pool->first_error = failure->error;
    fan_ctx_cancel(&failure->pool->stop, failure->error);
}

static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    while (fan_chan_recv(pool->in, &item, &pool->stop) == 0) {
        int error = try_item(pool, item);
        if (error) {
            fan_once(&first, keep_and_stop, &(struct failure){pool, error});
            say_failed(pool, item, error);
        }
    }
    fan_waitgroup_done(&pool->working);
}
