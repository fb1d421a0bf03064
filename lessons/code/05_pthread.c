/* Lesson 05 with plain pthreads. Argument: buggy, fixed. One call takes six seconds, on a bad day of
 * the server behind it. */
#include "queue.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 4, ITEMS = 20, SLOW = 2, SLOW_SECONDS = 6 };

struct worker {
    struct queue *in;
    pthread_t thread;
    double last_quick_s; /* when it had done its last quick item */
};

struct pool {
    struct queue queues[WORKERS];
    struct worker workers[WORKERS];
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void call_slow_server(void)
{
    sleep(SLOW_SECONDS);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    long item;
    while (queue_recv(worker->in, &item))
        if (item == SLOW)
            call_slow_server();
        else
            worker->last_quick_s = now_s();
    return NULL;
}

/* ---- buggy */

static void deal_buggy(struct pool *pool)
{
    for (int i = 0; i < WORKERS; i++)
        pool->workers[i].in = &pool->queues[i];
    for (long item = 0; item < ITEMS; item++)
        queue_send(pool->workers[item % WORKERS].in, item);
    for (int i = 0; i < WORKERS; i++)
        queue_close(pool->workers[i].in);
}

/* ---- fixed */

static void deal_fixed(struct pool *pool)
{
    struct queue *in = &pool->queues[0];
    for (int i = 0; i < WORKERS; i++)
        pool->workers[i].in = in;
    for (long item = 0; item < ITEMS; item++)
        queue_send(in, item);
    queue_close(in);
}

/* ---- main */

int main(int argc, char **argv)
{
    static struct pool pool = {.queues = {QUEUE_EMPTY, QUEUE_EMPTY, QUEUE_EMPTY, QUEUE_EMPTY}};
    double begin_s = now_s(), last_s = begin_s;
    if (argc > 1 && strcmp(argv[1], "fixed") == 0)
        deal_fixed(&pool);
    else
        deal_buggy(&pool);
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&pool.workers[i].thread, NULL, work, &pool.workers[i]);
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(pool.workers[i].thread, NULL);
        if (pool.workers[i].last_quick_s > last_s)
            last_s = pool.workers[i].last_quick_s;
    }
    printf("the last quick item was done after %.0f s\n", last_s - begin_s);
    return 0;
}
