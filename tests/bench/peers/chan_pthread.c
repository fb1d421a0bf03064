/* The queue a C programmer writes by hand: a ring, one mutex, two conditions. It cannot hand over
 * unbuffered, so its k0 cases use capacity 1, which asks less of it: the sender does not wait for
 * its element to be taken. It has nothing like select, so those cases end with status 3. */
#include "tests/bench/measure.h"

#include <pthread.h>
#include <stdlib.h>

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t not_empty;
    pthread_cond_t not_full;
    uint64_t *slots;
    size_t capacity;
    size_t head;
    size_t length;
    bool closed;
};

struct part {
    struct queue *queue;
    pthread_t thread;
    uint64_t first;
    uint64_t step;
    uint64_t end;
    uint64_t sum;
};

static void queue_init(struct queue *queue, size_t capacity)
{
    *queue = (struct queue){.capacity = capacity, .slots = calloc(capacity, sizeof(uint64_t))};
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->not_empty, NULL);
    pthread_cond_init(&queue->not_full, NULL);
}

static void queue_put(struct queue *queue, uint64_t value)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->length == queue->capacity)
        pthread_cond_wait(&queue->not_full, &queue->lock);
    size_t tail = queue->head + queue->length++;
    queue->slots[tail < queue->capacity ? tail : tail - queue->capacity] = value;
    pthread_mutex_unlock(&queue->lock);
    pthread_cond_signal(&queue->not_empty);
}

static bool queue_take(struct queue *queue, uint64_t *value)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->length == 0 && !queue->closed)
        pthread_cond_wait(&queue->not_empty, &queue->lock);
    bool taken = queue->length > 0;
    if (taken) {
        *value = queue->slots[queue->head];
        queue->head = queue->head + 1 < queue->capacity ? queue->head + 1 : 0;
        queue->length--;
    }
    pthread_mutex_unlock(&queue->lock);
    pthread_cond_signal(&queue->not_full);
    return taken;
}

static void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    pthread_mutex_unlock(&queue->lock);
    pthread_cond_broadcast(&queue->not_empty);
}

static void *send_part(void *argument)
{
    struct part *part = argument;
    for (uint64_t value = part->first; value < part->end; value += part->step)
        queue_put(part->queue, value);
    return NULL;
}

static void *receive_part(void *argument)
{
    struct part *part = argument;
    uint64_t value, sum = 0;
    while (queue_take(part->queue, &value))
        sum += value;
    part->sum = sum;
    return NULL;
}

static void start(struct part *part, void *(*run)(void *))
{
    bench_must(pthread_create(&part->thread, NULL, run, part), "pthread_create");
}

int main(int argc, char **argv)
{
    struct bench_run run = bench_begin(argc, argv);
    if (run.which->way != BENCH_PLAIN)
        return 3;

    struct queue queue;
    queue_init(&queue, run.which->capacity ? run.which->capacity : 1);
    struct part senders[2], receivers[2];
    uint64_t step = (uint64_t)run.which->senders, sum = 0;
    for (int i = 0; i < run.which->receivers; i++) {
        receivers[i] = (struct part){.queue = &queue};
        start(&receivers[i], receive_part);
    }
    for (int i = 0; i < run.which->senders; i++) {
        senders[i] = (struct part){&queue, 0, (uint64_t)i, step, run.count, 0};
        start(&senders[i], send_part);
    }
    for (int i = 0; i < run.which->senders; i++)
        pthread_join(senders[i].thread, NULL);
    queue_close(&queue);
    for (int i = 0; i < run.which->receivers; i++) {
        pthread_join(receivers[i].thread, NULL);
        sum += receivers[i].sum;
    }
    bench_end(&run, sum);
    free(queue.slots);
    return 0;
}
