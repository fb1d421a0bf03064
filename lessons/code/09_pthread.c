/* Lesson 09 with plain pthreads. Item 0 is slow here: it is ready when another one has been
 * collected. Argument: buggy, fixed. */
#include "queue.h"

#include <stdio.h>
#include <string.h>

enum { WORKERS = 4, ITEMS = 20, PACK = 1000 };

struct pool {
    struct queue in, out, another;
    pthread_t workers[WORKERS], closer;
    long squares[ITEMS];
};

struct result {
    long item, square;
};

/* The queue takes one number: both are packed in it. */
static void send_result(struct queue *out, struct result result)
{
    queue_send(out, result.item * PACK + result.square);
}

static bool recv_result(struct queue *out, struct result *result)
{
    long packed;
    if (!queue_recv(out, &packed))
        return false;
    *result = (struct result){packed / PACK, packed % PACK};
    return true;
}

static void *work(void *argument)
{
    struct pool *pool = argument;
    long item, answer;
    while (queue_recv(&pool->in, &item)) {
        if (item == 0)
            queue_recv(&pool->another, &answer);
        send_result(&pool->out, (struct result){item, item * item});
    }
    return NULL;
}

/* ---- buggy */

static void collect_buggy(struct pool *pool)
{
    struct result result;
    int count = 0;
    while (recv_result(&pool->out, &result)) {
        pool->squares[count++] = result.square;
        queue_send(&pool->another, 0);
    }
}

/* ---- fixed */

static void collect_fixed(struct pool *pool)
{
    struct result result;
    while (recv_result(&pool->out, &result)) {
        pool->squares[result.item] = result.square;
        queue_send(&pool->another, 0);
    }
}

/* ---- main */

static void *close_when_all_are_done(void *argument)
{
    struct pool *pool = argument;
    for (int i = 0; i < WORKERS; i++)
        pthread_join(pool->workers[i], NULL);
    queue_close(&pool->out);
    return NULL;
}

int main(int argc, char **argv)
{
    static struct pool pool = {.in = QUEUE_EMPTY, .out = QUEUE_EMPTY, .another = QUEUE_EMPTY};
    for (long i = 0; i < ITEMS; i++)
        queue_send(&pool.in, i);
    queue_close(&pool.in);
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&pool.workers[i], NULL, work, &pool);
    pthread_create(&pool.closer, NULL, close_when_all_are_done, &pool);
    if (argc > 1 && strcmp(argv[1], "fixed") == 0)
        collect_fixed(&pool);
    else
        collect_buggy(&pool);
    pthread_join(pool.closer, NULL);
    printf("20 squares, the first one is that of item 0: %s\n", pool.squares[0] ? "false" : "true");
    return 0;
}
