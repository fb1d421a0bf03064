/* libuv: uv_queue_work keeps at most Q+W requests out; the loop thread is both
 * the producer and the fan-in end (after_work), as libuv means it. */
#define _GNU_SOURCE
#include "common.h"
#include <uv.h>

struct job {
    uv_work_t req;
    struct task t;
    struct result r;
};
static struct args A;
static struct acc acc;
static uint64_t next;
static uv_loop_t *loop;

static void work(uv_work_t *q)
{
    struct job *j = (struct job *)q;
    j->r = run_task(j->t);
}
static void after(uv_work_t *q, int status)
{
    struct job *j = (struct job *)q;
    if (status)
        j->r.err = status;
    acc_add(&acc, &j->r);
    if (next < A.tasks) {
        j->t = (struct task){next++, &A.payload};
        uv_queue_work(loop, &j->req, work, after);
    }
}
int main(int argc, char **argv)
{
    A = parse_args(argc, argv);
    char w[16];
    snprintf(w, sizeof w, "%u", A.workers);
    setenv("UV_THREADPOOL_SIZE", w, 1);
    struct clk t0 = clk_now();
    loop = uv_default_loop();
    size_t nj = A.queue + A.workers;
    struct job *js = calloc(nj, sizeof *js);
    for (size_t i = 0; i < nj && next < A.tasks; i++) {
        js[i].t = (struct task){next++, &A.payload};
        uv_queue_work(loop, &js[i].req, work, after);
    }
    uv_run(loop, UV_RUN_DEFAULT);
    return report(peer_name("libuv", &A), &A, t0, &acc);
}
