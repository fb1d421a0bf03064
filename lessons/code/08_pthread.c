/* Lesson 08 with plain pthreads. The results go through a pipe, a channel that C has ready: who
 * reads it learns of the close by an end of file. Argument: buggy, fixed. */
#include "queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORKERS = 2, ITEMS = 20 };

struct pool {
    struct queue in;
    int out[2]; /* the ends of a pipe: read, write */
    pthread_barrier_t all_done;
    pthread_t workers[WORKERS], closer;
};

static void square_all(struct pool *pool)
{
    long item;
    while (queue_recv(&pool->in, &item))
        if (write(pool->out[1], &(long){item * item}, sizeof(long)) < 0)
            abort();
}

static void close_out(struct pool *pool)
{
    if (close(pool->out[1]) == 0)
        return;
    perror("close");
    abort();
}

/* ---- buggy */

static void *work_buggy(void *argument)
{
    struct pool *pool = argument;
    square_all(pool);
    pthread_barrier_wait(&pool->all_done);
    close_out(pool);
    return NULL;
}

static void start_buggy(struct pool *pool)
{
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&pool->workers[i], NULL, work_buggy, pool);
}

/* ---- fixed */

static void *work_fixed(void *argument)
{
    square_all(argument);
    return NULL;
}

static void *close_when_all_are_done(void *argument)
{
    struct pool *pool = argument;
    for (int i = 0; i < WORKERS; i++)
        pthread_join(pool->workers[i], NULL);
    close_out(pool);
    return NULL;
}

static void start_fixed(struct pool *pool)
{
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&pool->workers[i], NULL, work_fixed, pool);
    pthread_create(&pool->closer, NULL, close_when_all_are_done, pool);
}

/* ---- main */

static long collect(int out)
{
    long result, total = 0;
    while (read(out, &result, sizeof result) > 0)
        total += result;
    return total;
}

static void wait_for_threads(struct pool *pool)
{
    if (pool->closer)
        pthread_join(pool->closer, NULL);
    for (int i = 0; i < WORKERS && !pool->closer; i++)
        pthread_join(pool->workers[i], NULL);
}

int main(int argc, char **argv)
{
    static struct pool pool = {.in = QUEUE_EMPTY};
    pthread_barrier_init(&pool.all_done, NULL, WORKERS);
    if (pipe(pool.out) != 0)
        return 1;
    for (long i = 0; i < ITEMS; i++)
        queue_send(&pool.in, i);
    queue_close(&pool.in);
    if (argc > 1 && strcmp(argv[1], "fixed") == 0)
        start_fixed(&pool);
    else
        start_buggy(&pool);
    long total = collect(pool.out[0]);
    wait_for_threads(&pool);
    printf("total %ld\n", total);
    return 0;
}
