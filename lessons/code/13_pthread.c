/* Lesson 13 with plain pthreads. Nothing in the queue minds a send behind the close.
 * Argument: buggy, fixed. */
#include "queue.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { WORKERS = 4, BAD = 7 };

struct pool {
    struct queue in;
    atomic_bool stop;
    pthread_t producer, workers[WORKERS];
};

static void *produce(void *argument)
{
    struct pool *pool = argument;
    for (long i = 0; !atomic_load(&pool->stop); i++)
        queue_send(&pool->in, i == BAD ? -1 : i);
    queue_close(&pool->in);
    return NULL;
}

/* ---- buggy */

static void *work_buggy(void *argument)
{
    struct pool *pool = argument;
    long item;
    while (queue_recv(&pool->in, &item))
        if (item < 0) {
            queue_close(&pool->in); /* nothing more is to come */
            break;
        }
    return NULL;
}

/* ---- fixed */

/* Goes on receiving, so that the producer cannot be left waiting for room. */
static void *work_fixed(void *argument)
{
    struct pool *pool = argument;
    long item;
    while (queue_recv(&pool->in, &item))
        if (item < 0)
            atomic_store(&pool->stop, true); /* nothing more is to come */
    return NULL;
}

/* ---- main */

int main(int argc, char **argv)
{
    static struct pool pool = {.in = QUEUE_EMPTY};
    bool fixed = argc > 1 && strcmp(argv[1], "fixed") == 0;
    pthread_create(&pool.producer, NULL, produce, &pool);
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&pool.workers[i], NULL, fixed ? work_fixed : work_buggy, &pool);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(pool.workers[i], NULL);
    pthread_join(pool.producer, NULL);
    printf("stopped\n");
    return 0;
}
