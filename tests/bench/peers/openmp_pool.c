/* OpenMP has no queue: the bound is a window of Q tasks, waited for whole.
 *   base      one "omp task" per task, window of Q
 *   taskloop  "omp taskloop" over the window with its own grain (batched)
 *   for       "parallel for reduction" over all ids (upper bound, no stream) */
#define _GNU_SOURCE
#include "common.h"
#include <omp.h>

int main(int argc, char **argv)
{
    struct args A = parse_args(argc, argv);
    struct clk t0 = clk_now();
    struct acc acc = {0};
    const uint64_t N = A.tasks, Q = A.queue;
    omp_set_dynamic(0);
    if (!strcmp(A.variant, "for")) {
        uint64_t n = 0, s = 0, x = 0;
#pragma omp parallel for num_threads(A.workers) schedule(static) reduction(+ : n, s, x)
        for (uint64_t i = 0; i < N; i++) {
            struct result r = run_task((struct task){i, &A.payload});
            n++;
            s += r.value;
            x += r.index;
        }
        acc.n = n;
        acc.sum = s;
        acc.index_sum = x;
        return report("omp-for(upper)", &A, t0, &acc);
    }
    struct task *t = calloc(Q, sizeof *t);
    struct result *r = calloc(Q, sizeof *r);
    int tl = !strcmp(A.variant, "taskloop");
#pragma omp parallel num_threads(A.workers)
#pragma omp single
    for (uint64_t base = 0; base < N; base += Q) {
        uint64_t n = N - base < Q ? N - base : Q;
        for (uint64_t i = 0; i < n; i++)
            t[i] = (struct task){base + i, &A.payload};
        if (tl) {
#pragma omp taskloop shared(t, r)
            for (uint64_t i = 0; i < n; i++)
                r[i] = run_task(t[i]);
        } else {
            for (uint64_t i = 0; i < n; i++) {
#pragma omp task firstprivate(i) shared(t, r)
                r[i] = run_task(t[i]);
            }
#pragma omp taskwait
        }
        for (uint64_t i = 0; i < n; i++)
            acc_add(&acc, &r[i]);
    }
    return report(tl ? "omp-taskloop" : "omp-task", &A, t0, &acc);
}
