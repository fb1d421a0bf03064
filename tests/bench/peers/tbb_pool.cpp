// oneTBB.
//   base   parallel_pipeline, one task per token, at most Q tokens alive
//   batch  parallel_pipeline, --batch tasks per token, Q/batch tokens (not below W)
//   for    parallel_reduce over all ids (upper bound: no stream, no queue)
#include "common.h"
#include <memory>
#include <oneapi/tbb.h>
#include <vector>

namespace tbb = oneapi::tbb;

struct chunk {
    uint32_t n;
    task t[256];
    result r[256];
};

int main(int argc, char **argv)
{
    args A = parse_args(argc, argv);
    if (A.batch > 256 || !A.batch)
        A.batch = 256;
    clk t0 = clk_now();
    acc sum{};
    const uint64_t N = A.tasks;
    tbb::global_control gc(tbb::global_control::max_allowed_parallelism, A.workers);
    tbb::task_arena arena((int)A.workers);
    const std::string v = A.variant;
    const char *name = "tbb-pipeline";
    if (v == "for") {
        name = "tbb-for(upper)";
        arena.execute([&] {
            sum = tbb::parallel_reduce(
                tbb::blocked_range<uint64_t>(0, N), acc{},
                [&](const tbb::blocked_range<uint64_t> &g, acc a) {
                    for (uint64_t i = g.begin(); i != g.end(); ++i) {
                        result r = run_task(task{i, &A.payload});
                        acc_add(&a, &r);
                    }
                    return a;
                },
                [](acc a, const acc &b) {
                    a.n += b.n;
                    a.sum += b.sum;
                    a.index_sum += b.index_sum;
                    a.errs += b.errs;
                    return a;
                });
        });
    } else if (v == "batch") {
        static char nm[64];
        snprintf(nm, sizeof nm, "tbb-pipeline-batch%u", A.batch);
        name = nm;
        size_t tokens = (A.queue + A.batch - 1) / A.batch;
        if (tokens < A.workers)
            tokens = A.workers;
        std::vector<std::unique_ptr<chunk>> all(tokens);
        for (auto &c : all)
            c.reset(new chunk);
        uint64_t i = 0;
        tbb::concurrent_bounded_queue<chunk *> fr;
        for (auto &c : all)
            fr.push(c.get());
        arena.execute([&] {
            tbb::parallel_pipeline(
                tokens, tbb::make_filter<void, chunk *>(tbb::filter_mode::serial_in_order,
                                                        [&](tbb::flow_control &fc) -> chunk * {
                                                            if (i >= N) {
                                                                fc.stop();
                                                                return nullptr;
                                                            }
                                                            chunk *c = nullptr;
                                                            fr.pop(c);
                                                            uint32_t n = 0;
                                                            for (; n < A.batch && i < N; i++)
                                                                c->t[n++] = task{i, &A.payload};
                                                            c->n = n;
                                                            return c;
                                                        }) &
                            tbb::make_filter<chunk *, chunk *>(tbb::filter_mode::parallel,
                                                               [](chunk *c) {
                                                                   for (uint32_t k = 0; k < c->n;
                                                                        k++)
                                                                       c->r[k] = run_task(c->t[k]);
                                                                   return c;
                                                               }) &
                            tbb::make_filter<chunk *, void>(tbb::filter_mode::serial_out_of_order,
                                                            [&](chunk *c) {
                                                                for (uint32_t k = 0; k < c->n; k++)
                                                                    acc_add(&sum, &c->r[k]);
                                                                fr.push(c);
                                                            }));
        });
    } else {
        uint64_t i = 0;
        arena.execute([&] {
            tbb::parallel_pipeline(
                A.queue,
                tbb::make_filter<void, task>(tbb::filter_mode::serial_in_order,
                                             [&](tbb::flow_control &fc) -> task {
                                                 if (i >= N) {
                                                     fc.stop();
                                                     return task{};
                                                 }
                                                 return task{i++, &A.payload};
                                             }) &
                    tbb::make_filter<task, result>(tbb::filter_mode::parallel,
                                                   [](task t) { return run_task(t); }) &
                    tbb::make_filter<result, void>(tbb::filter_mode::serial_out_of_order,
                                                   [&](const result &r) { acc_add(&sum, &r); }));
        });
    }
    return report(name, &A, t0, &sum);
}
