/* Physical limits, no executor:
 *   base      two pinned threads split the ids; the same mix, no queue
 *   pingpong  one cache line handed from core to core and back; ns_per_task is
 *             one way, uncontended
 *   spsc      producer+consumer on core 0, one worker on core 1, whole task and
 *             result objects through two SPSC rings, published each --batch */
#define _GNU_SOURCE
#include "common.h"
#include <pthread.h>
#include <stdatomic.h>

static struct args A;
static void pin(int cpu)
{
    cpu_set_t s;
    CPU_ZERO(&s);
    CPU_SET(cpu, &s);
    pthread_setaffinity_np(pthread_self(), sizeof s, &s);
}
struct part {
    uint64_t lo, hi;
    int cpu;
    struct acc acc;
} __attribute__((aligned(64)));
static void *split(void *p)
{
    struct part *a = p;
    struct acc acc = {0};
    pin(a->cpu);
    for (uint64_t i = a->lo; i < a->hi; i++) {
        struct task t = {i, &A.payload};
        __asm__ volatile("" : "+r"(t.id), "+r"(t.payload)); /* keep one step per id */
        struct result r = run_task(t);
        acc_add(&acc, &r);
    }
    a->acc = acc;
    return NULL;
}
static struct {
    _Atomic uint64_t v;
    char pad[56];
} line __attribute__((aligned(64)));
static void *pong(void *p)
{
    (void)p;
    pin(1);
    for (uint64_t i = 0; i < A.tasks; i++) {
        while (atomic_load_explicit(&line.v, memory_order_acquire) != 2 * i + 1) {
        }
        atomic_store_explicit(&line.v, 2 * i + 2, memory_order_release);
    }
    return NULL;
}
struct ring {
    _Atomic uint64_t head __attribute__((aligned(64)));
    _Atomic uint64_t tail __attribute__((aligned(64)));
};
static struct ring rj, rr;
static struct task *tb;
static struct result *rb;
static uint64_t mask;
static void *spsc_worker(void *p)
{
    (void)p;
    pin(1);
    uint64_t in = 0, out = 0, seen = 0;
    while (in < A.tasks) {
        seen = atomic_load_explicit(&rj.head, memory_order_acquire);
        if (seen == in) {
            __builtin_ia32_pause();
            continue;
        }
        if (seen - in > A.batch)
            seen = in + A.batch;
        while (out + (seen - in) - atomic_load_explicit(&rr.tail, memory_order_acquire) > mask + 1)
            __builtin_ia32_pause();
        for (; in < seen; in++, out++)
            rb[out & mask] = run_task(tb[in & mask]);
        atomic_store_explicit(&rj.tail, in, memory_order_release);
        atomic_store_explicit(&rr.head, out, memory_order_release);
    }
    return NULL;
}
int main(int argc, char **argv)
{
    A = parse_args(argc, argv);
    struct clk t0 = clk_now();
    struct acc acc = {0};
    pthread_t th[2];
    if (!strcmp(A.variant, "pingpong")) {
        pthread_create(&th[0], NULL, pong, NULL);
        pin(0);
        for (uint64_t i = 0; i < A.tasks; i++) {
            atomic_store_explicit(&line.v, 2 * i + 1, memory_order_release);
            while (atomic_load_explicit(&line.v, memory_order_acquire) != 2 * i + 2) {
            }
        }
        pthread_join(th[0], NULL);
        struct clk t1 = clk_now();
        printf("{\"peer\":\"native-pingpong\",\"tasks\":%" PRIu64 ",\"workers\":2,\"wall_s\":%.6f,"
               "\"ns_per_task\":%.2f,\"cpu_s\":%.6f,\"max_rss_kb\":%ld,\"checksum\":0}\n",
               A.tasks, t1.wall - t0.wall, (t1.wall - t0.wall) * 1e9 / (double)(2 * A.tasks),
               t1.cpu - t0.cpu, peak_rss_kb());
        return 0;
    }
    if (!strcmp(A.variant, "spsc")) {
        uint64_t cap = 1;
        while (cap < A.queue)
            cap <<= 1;
        mask = cap - 1;
        tb = calloc(cap, sizeof *tb);
        rb = calloc(cap, sizeof *rb);
        pthread_create(&th[0], NULL, spsc_worker, NULL);
        pin(0);
        uint64_t put = 0, got = 0;
        while (got < A.tasks) {
            uint64_t room = cap - (put - atomic_load_explicit(&rj.tail, memory_order_acquire));
            uint64_t n = A.tasks - put;
            if (n > room)
                n = room;
            if (n > A.batch)
                n = A.batch;
            for (uint64_t e = put + n; put < e; put++)
                tb[put & mask] = (struct task){put, &A.payload};
            if (n)
                atomic_store_explicit(&rj.head, put, memory_order_release);
            uint64_t h = atomic_load_explicit(&rr.head, memory_order_acquire);
            if (h == got) {
                if (!n)
                    __builtin_ia32_pause();
                continue;
            }
            for (; got < h; got++)
                acc_add(&acc, &rb[got & mask]);
            atomic_store_explicit(&rr.tail, got, memory_order_release);
        }
        pthread_join(th[0], NULL);
        char name[64];
        snprintf(name, sizeof name, "native-spsc-b%u", A.batch);
        return report(name, &A, t0, &acc);
    }
    struct part p[2] = {{0, A.tasks / 2, 0, {0}}, {A.tasks / 2, A.tasks, 1, {0}}};
    for (int i = 0; i < 2; i++)
        pthread_create(&th[i], NULL, split, &p[i]);
    for (int i = 0; i < 2; i++) {
        pthread_join(th[i], NULL);
        acc.n += p[i].acc.n;
        acc.sum += p[i].acc.sum;
        acc.index_sum += p[i].acc.index_sum;
        acc.errs += p[i].acc.errs;
    }
    return report("native-split(limit)", &A, t0, &acc);
}
