/* Lesson 06 with plain pthreads. Argument: buggy, fixed. Each item asks a service that takes four
 * seconds for its answer today. */
#include "queue.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORKERS = 3, ITEMS = 6, ANSWER_SECONDS = 4 };

static struct queue in = QUEUE_EMPTY, out = QUEUE_EMPTY;
static atomic_int alive, most_alive;

static void ask_service(void)
{
    sleep(ANSWER_SECONDS);
}

static void send_square(long item)
{
    ask_service();
    queue_send(&out, item * item);
}

static void start_thread_detached(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, argument)) {
        perror("pthread_create");
        abort();
    }
    pthread_detach(thread);
    if (++alive > most_alive)
        most_alive = alive;
}

/* ---- buggy */

static void *run_task(void *argument)
{
    send_square((long)argument);
    alive--;
    return NULL;
}

static void start_buggy(int workers)
{
    long item;
    (void)workers;
    while (queue_recv(&in, &item))
        start_thread_detached(run_task, (void *)item);
}

/* ---- fixed */

static void *work(void *argument)
{
    long item;
    while (queue_recv(&in, &item))
        send_square(item);
    alive--;
    return argument;
}

static void start_fixed(int workers)
{
    for (int i = 0; i < workers; i++)
        start_thread_detached(work, NULL);
}

/* ---- main */

int main(int argc, char **argv)
{
    long result, total = 0;
    for (long i = 0; i < ITEMS; i++)
        queue_send(&in, i);
    queue_close(&in);
    if (argc > 1 && strcmp(argv[1], "fixed") == 0)
        start_fixed(WORKERS);
    else
        start_buggy(WORKERS);
    for (int i = 0; i < ITEMS && queue_recv(&out, &result); i++)
        total += result;
    printf("total %ld with %d threads at a time\n", total, most_alive);
    return 0;
}
