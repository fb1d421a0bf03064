/* A channel for the lessons' plain pthreads: a ring of numbers under one mutex, with one condition
 * for those who wait for room and one for those who wait for an item. */
#include <pthread.h>
#include <stdbool.h>

enum { QUEUE_ROOM = 32 };

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t has_room, has_item;
    long items[QUEUE_ROOM];
    int first, count;
    bool closed;
};

#define QUEUE_EMPTY                                                                                \
    {                                                                                              \
        .lock = PTHREAD_MUTEX_INITIALIZER, .has_room = PTHREAD_COND_INITIALIZER,                   \
        .has_item = PTHREAD_COND_INITIALIZER                                                       \
    }

static inline void queue_send(struct queue *queue, long item)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->count == QUEUE_ROOM)
        pthread_cond_wait(&queue->has_room, &queue->lock);
    queue->items[(queue->first + queue->count++) % QUEUE_ROOM] = item;
    pthread_cond_signal(&queue->has_item);
    pthread_mutex_unlock(&queue->lock);
}

/* False when it is closed and empty: no item will come any more. */
static inline bool queue_recv(struct queue *queue, long *item)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->count == 0 && !queue->closed)
        pthread_cond_wait(&queue->has_item, &queue->lock);
    bool got = queue->count > 0;
    if (got) {
        *item = queue->items[queue->first];
        queue->first = (queue->first + 1) % QUEUE_ROOM;
        queue->count--;
        pthread_cond_signal(&queue->has_room);
    }
    pthread_mutex_unlock(&queue->lock);
    return got;
}

/* Wakes all who wait for an item: each must see for itself that none will come. */
static inline void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    pthread_cond_broadcast(&queue->has_item);
    pthread_mutex_unlock(&queue->lock);
}
