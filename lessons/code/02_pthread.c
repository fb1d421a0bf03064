/* Lesson 02 with plain pthreads, which have no wait group: a count under a mutex, and a condition
 * for the one who waits until it is 0. Argument: buggy, fixed. */
#include "queue.h"

#include <stdio.h>
#include <string.h>

enum { WORKERS = 4, ITEMS = 20, BAD = 7 };

struct pool {
    struct queue in;
    pthread_mutex_t lock;
    pthread_cond_t none_works;
    int working;
};

static void say_done(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    if (--pool->working == 0)
        pthread_cond_signal(&pool->none_works);
    pthread_mutex_unlock(&pool->lock);
}

/* ---- buggy */

static void *work_buggy(void *argument)
{
    struct pool *pool = argument;
    long item;
    while (queue_recv(&pool->in, &item))
        if (item < 0)
            return NULL; /* cannot go on with a bad item */
    say_done(pool);
    return NULL;
}

/* ---- fixed */

static void work_until_bad_item(struct pool *pool)
{
    long item;
    while (queue_recv(&pool->in, &item))
        if (item < 0)
            return; /* cannot go on with a bad item */
}

static void *work_fixed(void *argument)
{
    work_until_bad_item(argument);
    say_done(argument);
    return NULL;
}

/* ---- main */

static void wait_until_none_works(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->working > 0)
        pthread_cond_wait(&pool->none_works, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

int main(int argc, char **argv)
{
    static struct pool pool = {.in = QUEUE_EMPTY,
                               .lock = PTHREAD_MUTEX_INITIALIZER,
                               .none_works = PTHREAD_COND_INITIALIZER,
                               .working = WORKERS};
    pthread_t workers[WORKERS];
    bool fixed = argc > 1 && strcmp(argv[1], "fixed") == 0;
    for (long i = 0; i < ITEMS; i++)
        queue_send(&pool.in, i == BAD ? -1 : i);
    queue_close(&pool.in);
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&workers[i], NULL, fixed ? work_fixed : work_buggy, &pool);
    wait_until_none_works(&pool);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(workers[i], NULL);
    printf("all done\n");
    return 0;
}
