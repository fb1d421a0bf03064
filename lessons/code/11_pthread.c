/* Lesson 11 with plain pthreads. C has no panic; the nearest thing is longjmp, out of however many
 * calls, to where a request is given up. Argument: buggy, fixed. */
#include "queue.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

enum { WORKERS = 4, ITEMS = 20, BAD = 7 };

struct request {
    struct queue in;
    pthread_t workers[WORKERS];
    jmp_buf *give_up;
};

static void send_item(struct request *request, long item)
{
    if (item == BAD)
        longjmp(*request->give_up, 1); /* cannot be read */
    queue_send(&request->in, item);
}

/* ---- buggy */

static void produce_buggy(struct request *request)
{
    for (long item = 0; item < ITEMS; item++)
        send_item(request, item);
    queue_close(&request->in);
}

/* ---- fixed */

static void send_all(struct request *request)
{
    for (long item = 0; item < ITEMS; item++)
        send_item(request, item);
}

static void produce_fixed(struct request *request)
{
    jmp_buf here, *outer = request->give_up;
    request->give_up = &here;
    bool sent = setjmp(here) == 0;
    if (sent)
        send_all(request);
    queue_close(&request->in);
    if (!sent)
        longjmp(*outer, 1);
}

/* ---- main */

static void *work(void *argument)
{
    struct request *request = argument;
    long item;
    while (queue_recv(&request->in, &item))
        continue;
    return NULL;
}

static void serve(struct request *request, void (*produce)(struct request *))
{
    jmp_buf here;
    request->give_up = &here;
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&request->workers[i], NULL, work, request);
    if (setjmp(here) == 0)
        produce(request);
    else
        printf("request failed\n");
}

static void wait_until_all_have_ended(struct request *request)
{
    for (int i = 0; i < WORKERS; i++)
        pthread_join(request->workers[i], NULL);
}

int main(int argc, char **argv)
{
    static struct request request = {.in = QUEUE_EMPTY};
    bool fixed = argc > 1 && strcmp(argv[1], "fixed") == 0;
    serve(&request, fixed ? produce_fixed : produce_buggy);
    wait_until_all_have_ended(&request);
    return 0;
}
