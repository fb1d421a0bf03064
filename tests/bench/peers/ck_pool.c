/* Concurrency Kit.
 *   base   jobs by pointer in a SPMC ring, results pushed on a UPMC ck_stack that
 *          the consumer takes whole (ck_stack_batch_pop_upmc); Q+W jobs go round a
 *          free SPSC ring, which is the bound
 *   batch  the same, chunks of --batch tasks in place of jobs (same Q tasks in all)
 *   mpsc   jobs by value in a SPMC ring, results by value in a MPSC ring. Producers
 *          of a MPSC ring commit in ticket order and spin for their turn, so with
 *          more threads than cores it collapses (each turn waits a time slice)
 * ck does not park, so idle ends back off (pause, yield, 50 us sleep). */
#define _GNU_SOURCE
#include "common.h"
#include <ck_ring.h>
#include <ck_stack.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct chunk {
    ck_stack_entry_t e;
    uint32_t n;
    struct task t[256];
    struct result r[256];
};
struct job {
    ck_stack_entry_t e;
    struct task t;
    struct result r;
};
struct cptr {
    void *c;
};
static ck_stack_t done __attribute__((aligned(64))) = CK_STACK_INITIALIZER;
CK_RING_PROTOTYPE(task, task)
CK_RING_PROTOTYPE(result, result)
CK_RING_PROTOTYPE(cptr, cptr)

static struct args A;
static struct {
    ck_ring_t r;
} rj __attribute__((aligned(64))), rr __attribute__((aligned(64))), rf __attribute__((aligned(64)));
static void *bj, *br, *bf;
static atomic_int closed;

static unsigned pow2(unsigned n)
{
    unsigned c = 4;
    while (c < n)
        c <<= 1;
    return c;
}
static void *ring_buf(unsigned cap, size_t sz)
{
    return aligned_alloc(64, (cap * sz + 63) / 64 * 64);
}

static void *worker(void *p)
{
    (void)p;
    unsigned b = 0;
    struct task t;
    struct result r;
    for (;;) {
        int c = atomic_load_explicit(&closed, memory_order_acquire);
        if (!ck_ring_dequeue_spmc_task(&rj.r, bj, &t)) {
            if (c)
                return NULL;
            backoff(&b);
            continue;
        }
        b = 0;
        r = run_task(t);
        while (!ck_ring_enqueue_mpsc_result(&rr.r, br, &r))
            backoff(&b);
    }
}
static void *producer(void *p)
{
    (void)p;
    for (uint64_t i = 0; i < A.tasks; i++) {
        struct task t = {i, &A.payload};
        unsigned b = 0;
        while (!ck_ring_enqueue_spmc_task(&rj.r, bj, &t))
            backoff(&b);
    }
    atomic_store(&closed, 1);
    return NULL;
}
/* base and batch: only what is handed over differs */
static void *worker_p(void *p)
{
    int chunked = p != NULL;
    unsigned b = 0;
    struct cptr k;
    for (;;) {
        int c = atomic_load_explicit(&closed, memory_order_acquire);
        if (!ck_ring_dequeue_spmc_cptr(&rj.r, bj, &k)) {
            if (c)
                return NULL;
            backoff(&b);
            continue;
        }
        b = 0;
        if (chunked) {
            struct chunk *h = k.c;
            for (uint32_t i = 0; i < h->n; i++)
                h->r[i] = run_task(h->t[i]);
            ck_stack_push_upmc(&done, &h->e);
        } else {
            struct job *j = k.c;
            j->r = run_task(j->t);
            ck_stack_push_upmc(&done, &j->e);
        }
    }
}
static void *producer_p(void *p)
{
    int chunked = p != NULL;
    for (uint64_t i = 0; i < A.tasks;) {
        unsigned b = 0;
        struct cptr k;
        while (!ck_ring_dequeue_spsc_cptr(&rf.r, bf, &k))
            backoff(&b);
        if (chunked) {
            struct chunk *h = k.c;
            uint32_t n = 0;
            for (; n < A.batch && i < A.tasks; i++)
                h->t[n++] = (struct task){i, &A.payload};
            h->n = n;
        } else {
            ((struct job *)k.c)->t = (struct task){i++, &A.payload};
        }
        while (!ck_ring_enqueue_spmc_cptr(&rj.r, bj, &k))
            backoff(&b);
    }
    atomic_store(&closed, 1);
    return NULL;
}
int main(int argc, char **argv)
{
    A = parse_args(argc, argv);
    if (A.batch > 256 || !A.batch)
        A.batch = 256;
    int bt = !strcmp(A.variant, "batch"), byval = !strcmp(A.variant, "mpsc");
    struct clk t0 = clk_now();
    struct acc acc = {0};
    unsigned b = 0;
    pthread_t *th = calloc(A.workers, sizeof *th), pr;
    if (byval) {
        unsigned cap = pow2(A.queue);
        ck_ring_init(&rj.r, cap);
        ck_ring_init(&rr.r, cap);
        bj = ring_buf(cap, sizeof(struct task));
        br = ring_buf(cap, sizeof(struct result));
    } else {
        unsigned n = bt ? (A.queue + A.batch - 1) / A.batch + A.workers : A.queue + A.workers;
        unsigned cap = pow2(n + 1);
        ck_ring_init(&rj.r, cap);
        ck_ring_init(&rf.r, cap);
        bj = ring_buf(cap, sizeof(struct cptr));
        bf = ring_buf(cap, sizeof(struct cptr));
        size_t sz = bt ? sizeof(struct chunk) : sizeof(struct job);
        char *all = calloc(n, sz);
        for (unsigned i = 0; i < n; i++) {
            struct cptr k = {all + i * sz};
            ck_ring_enqueue_spsc_cptr(&rf.r, bf, &k);
        }
    }
    void *mode = bt ? (void *)&A : NULL;
    for (uint32_t i = 0; i < A.workers; i++)
        pthread_create(&th[i], NULL, byval ? worker : worker_p, mode);
    pthread_create(&pr, NULL, byval ? producer : producer_p, mode);
    while (acc.n < A.tasks) {
        if (byval) {
            struct result r;
            if (!ck_ring_dequeue_mpsc_result(&rr.r, br, &r)) {
                backoff(&b);
                continue;
            }
            b = 0;
            acc_add(&acc, &r);
            continue;
        }
        ck_stack_entry_t *e = ck_pr_load_ptr(&done.head) ? ck_stack_batch_pop_upmc(&done) : NULL;
        if (!e) {
            backoff(&b);
            continue;
        }
        b = 0;
        while (e) {
            ck_stack_entry_t *nx = e->next;
            struct cptr k = {e};
            if (bt) {
                struct chunk *h = (struct chunk *)e;
                for (uint32_t i = 0; i < h->n; i++)
                    acc_add(&acc, &h->r[i]);
            } else {
                acc_add(&acc, &((struct job *)e)->r);
            }
            ck_ring_enqueue_spsc_cptr(&rf.r, bf, &k);
            e = nx;
        }
    }
    pthread_join(pr, NULL);
    for (uint32_t i = 0; i < A.workers; i++)
        pthread_join(th[i], NULL);
    return report(byval ? "ck-ring-mpsc"
                  : bt  ? peer_name("ck-ring", &A)
                        : "ck-ring+stack",
                  &A, t0, &acc);
}
