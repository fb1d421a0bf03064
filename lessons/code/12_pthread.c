/* Lesson 12 with plain pthreads. Arguments: buggy, fixed; how many items a worker does (to measure,
 * take ten million or so). */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 4, ITEMS = 20000, PAYLOAD = 64, LINE = 64 };

struct buffer {
    long item;
    unsigned char bytes[PAYLOAD];
};

struct worker {
    struct buffer *buffer;
    pthread_t thread;
    long items, total;
};

/* Both halves call it: a compiler that sees that nobody else looks at a buffer would do without. */
__attribute__((noinline)) static long fill_and_sum(struct buffer *buffer, long item)
{
    long sum = 0;
    buffer->item = item;
    memset(buffer->bytes, (int)(item % 7), sizeof buffer->bytes);
    for (int i = 0; i < PAYLOAD; i++)
        sum += buffer->bytes[i];
    return sum;
}

/* ---- buggy */

static void *work_buggy(void *argument)
{
    struct worker *worker = argument;
    long total = 0;
    for (long item = 0; item < worker->items; item++)
        total += fill_and_sum(worker->buffer, item);
    worker->total = total;
    return NULL;
}

/* ---- fixed */

static void *work_fixed(void *argument)
{
    struct worker *worker = argument;
    struct buffer own;
    long total = 0;
    for (long item = 0; item < worker->items; item++)
        total += fill_and_sum(&own, item);
    worker->total = total;
    return NULL;
}

/* ---- main */

static void print_lines(void)
{
    for (size_t i = 0; i < WORKERS; i++) {
        size_t first = i * sizeof(struct buffer), last = first + sizeof(struct buffer) - 1;
        printf("buffer %zu: lines %zu to %zu\n", i + 1, first / LINE, last / LINE);
    }
}

int main(int argc, char **argv)
{
    static _Alignas(LINE) struct buffer buffers[WORKERS];
    static struct worker workers[WORKERS];
    long total = 0;
    print_lines();
    for (int i = 0; i < WORKERS; i++) {
        workers[i].buffer = &buffers[i];
        workers[i].items = argc > 2 ? atol(argv[2]) : ITEMS;
        pthread_create(&workers[i].thread, NULL,
                       argc > 1 && strcmp(argv[1], "fixed") == 0 ? work_fixed : work_buggy,
                       &workers[i]);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(workers[i].thread, NULL);
        total += workers[i].total;
    }
    printf("total %ld\n", total);
    return 0;
}
