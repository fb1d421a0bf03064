/* Lesson 07 with plain pthreads. Argument: buggy, fixed. */
#include "queue.h"

#include <stdio.h>
#include <string.h>

enum { WORKERS = 4, ITEMS = 100000, WORDS = 3 };

struct pool {
    struct queue in;
    pthread_mutex_t merging;
    long counts[WORDS];
};

/* ---- buggy */

static void *work_buggy(void *argument)
{
    struct pool *pool = argument;
    long item;
    while (queue_recv(&pool->in, &item))
        pool->counts[item % WORDS]++;
    return NULL;
}

/* ---- fixed */

static void *work_fixed(void *argument)
{
    struct pool *pool = argument;
    long item, own[WORDS] = {0};
    while (queue_recv(&pool->in, &item))
        own[item % WORDS]++;
    pthread_mutex_lock(&pool->merging);
    for (int word = 0; word < WORDS; word++)
        pool->counts[word] += own[word];
    pthread_mutex_unlock(&pool->merging);
    return NULL;
}

/* ---- main */

int main(int argc, char **argv)
{
    static struct pool pool = {.in = QUEUE_EMPTY, .merging = PTHREAD_MUTEX_INITIALIZER};
    pthread_t workers[WORKERS];
    bool fixed = argc > 1 && strcmp(argv[1], "fixed") == 0;
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&workers[i], NULL, fixed ? work_fixed : work_buggy, &pool);
    for (long i = 0; i < ITEMS; i++)
        queue_send(&pool.in, i);
    queue_close(&pool.in);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(workers[i], NULL);
    printf("%ld of %d\n", pool.counts[0] + pool.counts[1] + pool.counts[2], ITEMS);
    return 0;
}
