#include <errno.h>

static void note_last(struct pool *pool, int error)
{
    fan_mutex_lock(&pool->guard);
    FAN_WRITE(pool->first_error);
    pool->first_error = error;
    fan_mutex_unlock(&pool->guard);
    fan_ctx_cancel(&pool->stop, error);
}

static void work_fixed(void *argument)
{
    struct pool *pool = argument;
    uint64_t item;
    int error = 0;
    while (!error) {
        error = fan_chan_recv(pool->in, &item, &pool->stop);
        if (error == EPIPE)
            break;
        if (error == ECANCELED) {
            note_last(pool, error);
            break;
        }
        error = try_item(pool, item);
        if (error) {
            note_last(pool, error);
            say_failed(pool, item, error);
        }
    }
    fan_waitgroup_done(&pool->working);
}
