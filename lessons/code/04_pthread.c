/* Lesson 04 with plain pthreads. Argument: buggy, fixed. */
#include "queue.h"

#include <stdio.h>
#include <string.h>

enum { WORKERS = 4, ITEMS = 20 };

struct pool {
    struct queue in, out;
    pthread_t workers[WORKERS], closer;
};

static void *work(void *argument)
{
    struct pool *pool = argument;
    long item;
    while (queue_recv(&pool->in, &item))
        queue_send(&pool->out, item * 2);
    return NULL;
}

/* ---- buggy */

static void start_buggy(struct pool *pool)
{
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&pool->workers[i], NULL, work, pool);
}

/* ---- fixed */

static void *close_when_all_are_done(void *argument)
{
    struct pool *pool = argument;
    for (int i = 0; i < WORKERS; i++)
        pthread_join(pool->workers[i], NULL);
    queue_close(&pool->out);
    return NULL;
}

static void start_fixed(struct pool *pool)
{
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&pool->workers[i], NULL, work, pool);
    pthread_create(&pool->closer, NULL, close_when_all_are_done, pool);
}

/* ---- main */

static void collect(struct queue *out)
{
    long result, total = 0;
    while (queue_recv(out, &result))
        total += result;
    printf("total %ld\n", total);
}

int main(int argc, char **argv)
{
    static struct pool pool = {.in = QUEUE_EMPTY, .out = QUEUE_EMPTY};
    for (long i = 0; i < ITEMS; i++)
        queue_send(&pool.in, i);
    queue_close(&pool.in);
    if (argc > 1 && strcmp(argv[1], "fixed") == 0)
        start_fixed(&pool);
    else
        start_buggy(&pool);
    collect(&pool.out);
    if (pool.closer)
        pthread_join(pool.closer, NULL);
    return 0;
}
