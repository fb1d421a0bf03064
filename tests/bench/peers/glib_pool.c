/* GLib: an exclusive GThreadPool in, a GAsyncQueue out. The pool's own queue
 * has no bound, so Q+W preallocated jobs go round a free GAsyncQueue, which is
 * the backpressure. --variant drain: both single-reader ends take all that is
 * there under one lock (g_async_queue_lock + try_pop_unlocked). */
#define _GNU_SOURCE
#include "common.h"
#include <glib.h>

struct job {
    struct task t;
    struct result r;
};
static struct args A;
static GAsyncQueue *results, *freeq;
static GThreadPool *pool;

static void work(gpointer d, gpointer u)
{
    struct job *j = d;
    (void)u;
    j->r = run_task(j->t);
    g_async_queue_push(results, j);
}
static size_t drain(GAsyncQueue *q, struct job **v, size_t max)
{
    size_t n = 0;
    gpointer p;
    g_async_queue_lock(q);
    v[n++] = g_async_queue_pop_unlocked(q);
    while (n < max && (p = g_async_queue_try_pop_unlocked(q)))
        v[n++] = p;
    g_async_queue_unlock(q);
    return n;
}
static gpointer producer(gpointer p)
{
    (void)p;
    if (!strcmp(A.variant, "drain")) {
        struct job *v[256];
        for (uint64_t i = 0; i < A.tasks;) {
            uint64_t left = A.tasks - i;
            size_t n = drain(freeq, v, left < 256 ? left : 256);
            for (size_t k = 0; k < n; k++) {
                v[k]->t = (struct task){i++, &A.payload};
                g_thread_pool_push(pool, v[k], NULL);
            }
        }
    } else {
        for (uint64_t i = 0; i < A.tasks; i++) {
            struct job *j = g_async_queue_pop(freeq);
            j->t = (struct task){i, &A.payload};
            g_thread_pool_push(pool, j, NULL);
        }
    }
    return NULL;
}
int main(int argc, char **argv)
{
    A = parse_args(argc, argv);
    struct clk t0 = clk_now();
    struct acc acc = {0};
    results = g_async_queue_new();
    freeq = g_async_queue_new();
    size_t nj = A.queue + A.workers;
    struct job *js = g_new0(struct job, nj);
    for (size_t i = 0; i < nj; i++)
        g_async_queue_push(freeq, &js[i]);
    pool = g_thread_pool_new(work, NULL, (gint)A.workers, TRUE, NULL);
    GThread *pr = g_thread_new("producer", producer, NULL);
    if (!strcmp(A.variant, "drain")) {
        struct job *v[256];
        while (acc.n < A.tasks) {
            size_t n = drain(results, v, 256);
            g_async_queue_lock(freeq);
            for (size_t k = 0; k < n; k++) {
                acc_add(&acc, &v[k]->r);
                g_async_queue_push_unlocked(freeq, v[k]);
            }
            g_async_queue_unlock(freeq);
        }
    } else {
        while (acc.n < A.tasks) {
            struct job *j = g_async_queue_pop(results);
            acc_add(&acc, &j->r);
            g_async_queue_push(freeq, j);
        }
    }
    g_thread_join(pr);
    g_thread_pool_free(pool, FALSE, TRUE);
    return report(peer_name("glib", &A), &A, t0, &acc);
}
