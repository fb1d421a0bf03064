/* Lesson 03 with plain pthreads. Argument: buggy, fixed. An item takes two seconds. */
#include "queue.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 4, ITEMS = 4, ITEM_SECONDS = 2 };

struct pool;

struct worker {
    struct pool *pool;
    pthread_t thread;
    atomic_bool started;
    int items;
};

struct pool {
    struct queue in;
    atomic_bool started;
    struct worker workers[WORKERS];
};

static void resize(void)
{
    sleep(ITEM_SECONDS);
}

static void work_through_input(struct worker *worker)
{
    long item;
    while (queue_recv(&worker->pool->in, &item)) {
        resize();
        worker->items++;
    }
}

/* ---- buggy */

static void *work_buggy(void *argument)
{
    struct worker *worker = argument;
    if (!atomic_exchange(&worker->pool->started, true))
        work_through_input(worker);
    return NULL;
}

/* ---- fixed */

static void *work_fixed(void *argument)
{
    struct worker *worker = argument;
    if (!atomic_exchange(&worker->started, true))
        work_through_input(worker);
    return NULL;
}

/* ---- main */

int main(int argc, char **argv)
{
    static struct pool pool = {.in = QUEUE_EMPTY};
    time_t begin = time(NULL);
    bool fixed = argc > 1 && strcmp(argv[1], "fixed") == 0;
    for (int i = 0; i < WORKERS; i++) {
        pool.workers[i].pool = &pool;
        pthread_create(&pool.workers[i].thread, NULL, fixed ? work_fixed : work_buggy,
                       &pool.workers[i]);
    }
    for (long i = 0; i < ITEMS; i++)
        queue_send(&pool.in, i);
    queue_close(&pool.in);
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(pool.workers[i].thread, NULL);
        printf("worker %d did %d\n", i + 1, pool.workers[i].items);
    }
    printf("took %ld s\n", (long)(time(NULL) - begin));
    return 0;
}
