/* Mutex + two conditions bounded queue and a worker pool on it: what a C
 * programmer writes by hand. The includer names the lock and the condition,
 * so pthread and nsync run the very same algorithm. */
#include "common.h"
#include <pthread.h>

#define DEFINE_BQ(NAME, T)                                                                         \
    struct NAME {                                                                                  \
        MU_T mu;                                                                                   \
        CV_T ne, nf;                                                                               \
        size_t cap, head, count;                                                                   \
        int closed;                                                                                \
        T *buf;                                                                                    \
    };                                                                                             \
    static void NAME##_init(struct NAME *q, size_t cap)                                            \
    {                                                                                              \
        memset(q, 0, sizeof *q);                                                                   \
        MU_INIT(&q->mu);                                                                           \
        CV_INIT(&q->ne);                                                                           \
        CV_INIT(&q->nf);                                                                           \
        q->cap = cap;                                                                              \
        q->buf = (T *)calloc(cap, sizeof(T));                                                      \
    }                                                                                              \
    static void NAME##_push(struct NAME *q, T v)                                                   \
    {                                                                                              \
        MU_LOCK(&q->mu);                                                                           \
        while (q->count == q->cap)                                                                 \
            CV_WAIT(&q->nf, &q->mu);                                                               \
        size_t at = q->head + q->count;                                                            \
        if (at >= q->cap)                                                                          \
            at -= q->cap;                                                                          \
        q->buf[at] = v;                                                                            \
        q->count++;                                                                                \
        MU_UNLOCK(&q->mu);                                                                         \
        CV_SIGNAL(&q->ne);                                                                         \
    }                                                                                              \
    static int NAME##_pop(struct NAME *q, T *v)                                                    \
    {                                                                                              \
        MU_LOCK(&q->mu);                                                                           \
        while (q->count == 0 && !q->closed)                                                        \
            CV_WAIT(&q->ne, &q->mu);                                                               \
        if (q->count == 0) {                                                                       \
            MU_UNLOCK(&q->mu);                                                                     \
            return 0;                                                                              \
        }                                                                                          \
        *v = q->buf[q->head];                                                                      \
        if (++q->head == q->cap)                                                                   \
            q->head = 0;                                                                           \
        q->count--;                                                                                \
        MU_UNLOCK(&q->mu);                                                                         \
        CV_SIGNAL(&q->nf);                                                                         \
        return 1;                                                                                  \
    }                                                                                              \
    static void NAME##_push_n(struct NAME *q, const T *v, size_t n)                                \
    {                                                                                              \
        while (n) {                                                                                \
            MU_LOCK(&q->mu);                                                                       \
            while (q->count == q->cap)                                                             \
                CV_WAIT(&q->nf, &q->mu);                                                           \
            size_t k = q->cap - q->count;                                                          \
            if (k > n)                                                                             \
                k = n;                                                                             \
            size_t at = q->head + q->count;                                                        \
            if (at >= q->cap)                                                                      \
                at -= q->cap;                                                                      \
            for (size_t i = 0; i < k; i++) {                                                       \
                q->buf[at] = v[i];                                                                 \
                if (++at == q->cap)                                                                \
                    at = 0;                                                                        \
            }                                                                                      \
            q->count += k;                                                                         \
            MU_UNLOCK(&q->mu);                                                                     \
            CV_SIGNAL(&q->ne);                                                                     \
            v += k;                                                                                \
            n -= k;                                                                                \
        }                                                                                          \
    }                                                                                              \
    static size_t NAME##_pop_n(struct NAME *q, T *v, size_t n)                                     \
    {                                                                                              \
        MU_LOCK(&q->mu);                                                                           \
        while (q->count == 0 && !q->closed)                                                        \
            CV_WAIT(&q->ne, &q->mu);                                                               \
        size_t k = q->count < n ? q->count : n;                                                    \
        for (size_t i = 0; i < k; i++) {                                                           \
            v[i] = q->buf[q->head];                                                                \
            if (++q->head == q->cap)                                                               \
                q->head = 0;                                                                       \
        }                                                                                          \
        q->count -= k;                                                                             \
        size_t left = q->count;                                                                    \
        MU_UNLOCK(&q->mu);                                                                         \
        if (k)                                                                                     \
            CV_SIGNAL(&q->nf);                                                                     \
        if (left)                                                                                  \
            CV_SIGNAL(&q->ne);                                                                     \
        return k;                                                                                  \
    }                                                                                              \
    __attribute__((unused)) static void NAME##_close(struct NAME *q)                               \
    {                                                                                              \
        MU_LOCK(&q->mu);                                                                           \
        q->closed = 1;                                                                             \
        MU_UNLOCK(&q->mu);                                                                         \
        CV_BROADCAST(&q->ne);                                                                      \
    }

DEFINE_BQ(jobq, struct task)
DEFINE_BQ(resq, struct result)

static struct args A;
static struct jobq jobs;
static struct resq results;

static void *worker(void *p)
{
    struct task t;
    (void)p;
    while (jobq_pop(&jobs, &t))
        resq_push(&results, run_task(t));
    return NULL;
}
static void *producer(void *p)
{
    (void)p;
    for (uint64_t i = 0; i < A.tasks; i++)
        jobq_push(&jobs, (struct task){i, &A.payload});
    jobq_close(&jobs);
    return NULL;
}
static void *worker_b(void *p)
{
    struct task t[256];
    struct result r[256];
    size_t n;
    (void)p;
    while ((n = jobq_pop_n(&jobs, t, A.batch)) != 0) {
        for (size_t i = 0; i < n; i++)
            r[i] = run_task(t[i]);
        resq_push_n(&results, r, n);
    }
    return NULL;
}
static void *producer_b(void *p)
{
    struct task t[256];
    size_t n = 0;
    (void)p;
    for (uint64_t i = 0; i < A.tasks; i++) {
        t[n++] = (struct task){i, &A.payload};
        if (n == A.batch) {
            jobq_push_n(&jobs, t, n);
            n = 0;
        }
    }
    jobq_push_n(&jobs, t, n);
    jobq_close(&jobs);
    return NULL;
}

int main(int argc, char **argv)
{
    A = parse_args(argc, argv);
    if (A.batch > 256 || !A.batch)
        A.batch = 256;
    int b = !strcmp(A.variant, "batch");
    struct clk t0 = clk_now();
    struct acc acc = {0};
    jobq_init(&jobs, A.queue);
    resq_init(&results, A.queue);
    pthread_t *th = (pthread_t *)calloc(A.workers, sizeof *th), pr;
    for (uint32_t i = 0; i < A.workers; i++)
        pthread_create(&th[i], NULL, b ? worker_b : worker, NULL);
    pthread_create(&pr, NULL, b ? producer_b : producer, NULL);
    if (b) {
        struct result r[256];
        size_t n;
        while (acc.n < A.tasks) {
            n = resq_pop_n(&results, r, 256);
            for (size_t i = 0; i < n; i++)
                acc_add(&acc, &r[i]);
        }
    } else {
        struct result r;
        while (acc.n < A.tasks && resq_pop(&results, &r))
            acc_add(&acc, &r);
    }
    pthread_join(pr, NULL);
    for (uint32_t i = 0; i < A.workers; i++)
        pthread_join(th[i], NULL);
    return report(peer_name(PEER, &A), &A, t0, &acc);
}
