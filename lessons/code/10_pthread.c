/* Lesson 10 with plain pthreads, which have no context: a flag, and a wake for all who wait. The
 * caller takes some results and gives up. Argument: buggy, fixed. */
#include "queue.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { WORKERS = 2, ITEMS = 60, WANTED = 15 };

struct pool {
    struct queue in, out;
    atomic_bool cancelled;
};

/* ---- buggy */

static void *work_buggy(void *argument)
{
    struct pool *pool = argument;
    long item;
    while (queue_recv(&pool->in, &item))
        queue_send(&pool->out, item * 2);
    return NULL;
}

/* ---- fixed */

/* queue_send with a second reason to wake; false: it was not sent. */
static bool send_unless_cancelled(struct pool *pool, struct queue *queue, long item)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->count == QUEUE_ROOM && !pool->cancelled)
        pthread_cond_wait(&queue->has_room, &queue->lock);
    bool sent = !pool->cancelled;
    if (sent) {
        queue->items[(queue->first + queue->count++) % QUEUE_ROOM] = item;
        pthread_cond_signal(&queue->has_item);
    }
    pthread_mutex_unlock(&queue->lock);
    return sent;
}

static bool recv_unless_cancelled(struct pool *pool, struct queue *queue, long *item)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->count == 0 && !queue->closed && !pool->cancelled)
        pthread_cond_wait(&queue->has_item, &queue->lock);
    bool got = queue->count > 0 && !pool->cancelled;
    if (got) {
        *item = queue->items[queue->first];
        queue->first = (queue->first + 1) % QUEUE_ROOM;
        queue->count--;
        pthread_cond_signal(&queue->has_room);
    }
    pthread_mutex_unlock(&queue->lock);
    return got;
}

static void *work_fixed(void *argument)
{
    struct pool *pool = argument;
    long item;
    while (recv_unless_cancelled(pool, &pool->in, &item))
        if (!send_unless_cancelled(pool, &pool->out, item * 2))
            return NULL;
    return NULL;
}

/* ---- main */

/* Under the lock: so nobody is between his look at the flag and his wait. */
static void wake_all(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    pthread_cond_broadcast(&queue->has_room);
    pthread_cond_broadcast(&queue->has_item);
    pthread_mutex_unlock(&queue->lock);
}

static void cancel(struct pool *pool)
{
    pool->cancelled = true;
    wake_all(&pool->in);
    wake_all(&pool->out);
}

int main(int argc, char **argv)
{
    static struct pool pool = {.in = QUEUE_EMPTY, .out = QUEUE_EMPTY};
    pthread_t workers[WORKERS];
    bool fixed = argc > 1 && strcmp(argv[1], "fixed") == 0;
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&workers[i], NULL, fixed ? work_fixed : work_buggy, &pool);
    for (long i = 0; i < ITEMS; i++)
        queue_send(&pool.in, i);
    queue_close(&pool.in);
    long result;
    for (int i = 0; i < WANTED; i++)
        queue_recv(&pool.out, &result);
    cancel(&pool);
    for (int i = 0; i < WORKERS; i++) /* an orderly end */
        pthread_join(workers[i], NULL);
    printf("all workers have ended\n");
    return 0;
}
