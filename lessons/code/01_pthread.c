/* Lesson 01 with plain pthreads. The input is full and closed before the workers start, so none of
 * them waits in it. Argument: buggy, fixed. */
#include "queue.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { WORKERS = 4, ITEMS = 20 };

struct pool {
    struct queue in;
    pthread_mutex_t guard;
    int first_error;
    atomic_bool stop;
};

static int try_item(long item)
{
    return item == 2 || item == 19 ? 100 + (int)item : 0;
}

/* ---- buggy */

static void *work_buggy(void *argument)
{
    struct pool *pool = argument;
    long item;
    int error = 0;
    while (!error && queue_recv(&pool->in, &item)) {
        error = try_item(item);
        if (error)
            pool->first_error = error;
    }
    return NULL;
}

/* ---- fixed */

static void note_first(struct pool *pool, int error)
{
    pthread_mutex_lock(&pool->guard);
    if (!pool->first_error)
        pool->first_error = error;
    pthread_mutex_unlock(&pool->guard);
    atomic_store(&pool->stop, true);
}

static void *work_fixed(void *argument)
{
    struct pool *pool = argument;
    long item;
    while (!atomic_load(&pool->stop) && queue_recv(&pool->in, &item)) {
        int error = try_item(item);
        if (error)
            note_first(pool, error);
    }
    return NULL;
}

/* ---- main */

int main(int argc, char **argv)
{
    static struct pool pool = {.in = QUEUE_EMPTY, .guard = PTHREAD_MUTEX_INITIALIZER};
    pthread_t workers[WORKERS];
    bool fixed = argc > 1 && strcmp(argv[1], "fixed") == 0;
    for (long i = 0; i < ITEMS; i++)
        queue_send(&pool.in, i);
    queue_close(&pool.in);
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&workers[i], NULL, fixed ? work_fixed : work_buggy, &pool);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(workers[i], NULL);
    printf("error %d\n", pool.first_error);
    return 0;
}
