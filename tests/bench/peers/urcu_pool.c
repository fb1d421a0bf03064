/* liburcu wait-free-enqueue queues. Jobs: one shared cds_wfcq, dequeued under
 * its own lock. Results: one cds_wfcq, spliced whole by the consumer (its
 * idiomatic batched form). Jobs are Q+W preallocated nodes that go round; the
 * free queue is the bound. The library does not park, so idle ends back off. */
#define _GNU_SOURCE
#include "common.h"
#include <pthread.h>
#include <stdatomic.h>
#include <urcu/compiler.h>
#include <urcu/wfcqueue.h>

struct job {
    struct cds_wfcq_node n;
    struct task t;
    struct result r;
};
struct wq {
    struct cds_wfcq_tail tail __attribute__((aligned(64)));
    struct cds_wfcq_head head __attribute__((aligned(64)));
};
static struct args A;
static struct wq jobs, results, freeq;
static atomic_int closed;

static void *worker(void *p)
{
    (void)p;
    unsigned b = 0;
    for (;;) {
        struct cds_wfcq_node *n = NULL;
        if (!cds_wfcq_empty(&jobs.head, &jobs.tail))
            n = cds_wfcq_dequeue_blocking(&jobs.head, &jobs.tail);
        if (!n) {
            if (atomic_load(&closed) && cds_wfcq_empty(&jobs.head, &jobs.tail))
                return NULL;
            backoff(&b);
            continue;
        }
        b = 0;
        struct job *j = caa_container_of(n, struct job, n);
        j->r = run_task(j->t);
        cds_wfcq_node_init(&j->n);
        cds_wfcq_enqueue(&results.head, &results.tail, &j->n);
    }
}
static void *producer(void *p)
{
    (void)p;
    struct wq mine;
    cds_wfcq_init(&mine.head, &mine.tail);
    unsigned b = 0;
    for (uint64_t i = 0; i < A.tasks;) {
        struct cds_wfcq_node *n = __cds_wfcq_dequeue_blocking(&mine.head, &mine.tail);
        if (!n) {
            enum cds_wfcq_ret r =
                __cds_wfcq_splice_blocking(&mine.head, &mine.tail, &freeq.head, &freeq.tail);
            if (r == CDS_WFCQ_RET_SRC_EMPTY)
                backoff(&b);
            else
                b = 0;
            continue;
        }
        struct job *j = caa_container_of(n, struct job, n);
        j->t = (struct task){i++, &A.payload};
        cds_wfcq_node_init(&j->n);
        cds_wfcq_enqueue(&jobs.head, &jobs.tail, &j->n);
    }
    atomic_store(&closed, 1);
    return NULL;
}
int main(int argc, char **argv)
{
    A = parse_args(argc, argv);
    struct clk t0 = clk_now();
    struct acc acc = {0};
    cds_wfcq_init(&jobs.head, &jobs.tail);
    cds_wfcq_init(&results.head, &results.tail);
    cds_wfcq_init(&freeq.head, &freeq.tail);
    size_t nj = A.queue + A.workers;
    struct job *js = calloc(nj, sizeof *js);
    for (size_t i = 0; i < nj; i++) {
        cds_wfcq_node_init(&js[i].n);
        cds_wfcq_enqueue(&freeq.head, &freeq.tail, &js[i].n);
    }
    pthread_t *th = calloc(A.workers, sizeof *th), pr;
    for (uint32_t i = 0; i < A.workers; i++)
        pthread_create(&th[i], NULL, worker, NULL);
    pthread_create(&pr, NULL, producer, NULL);
    struct wq mine;
    unsigned b = 0;
    while (acc.n < A.tasks) {
        cds_wfcq_init(&mine.head, &mine.tail);
        if (__cds_wfcq_splice_blocking(&mine.head, &mine.tail, &results.head, &results.tail) ==
            CDS_WFCQ_RET_SRC_EMPTY) {
            backoff(&b);
            continue;
        }
        b = 0;
        struct cds_wfcq_node *n;
        while ((n = __cds_wfcq_dequeue_blocking(&mine.head, &mine.tail))) {
            struct job *j = caa_container_of(n, struct job, n);
            acc_add(&acc, &j->r);
            cds_wfcq_node_init(&j->n);
            cds_wfcq_enqueue(&freeq.head, &freeq.tail, &j->n);
        }
    }
    pthread_join(pr, NULL);
    for (uint32_t i = 0; i < A.workers; i++)
        pthread_join(th[i], NULL);
    return report(peer_name("urcu-wfcq", &A), &A, t0, &acc);
}
