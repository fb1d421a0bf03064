/* How long a call takes in which one task of 1,000 takes 2 ms and the others 1 us, two at once,
 * against the ideal: a schedule that gives each task, in turn, to whoever is free first, and costs
 * nothing. It is computed from the times that the tasks of the same call had, whatever held them
 * up. The stragglers work ("busy") or sleep. */
#include <errno.h>
#include <inttypes.h>

#include "flow/stream.h"
#include "run/time.h"
#include "tests/bench/measure.h"
#include "tests/bench/peers/common.h"

enum { TASKS = 100000, ROUNDS = 7, QUICK_NS = 1000, SLOW_NS = 2000000 };

struct bench {
    _Alignas(64) uint64_t next; /* the source's */
    struct payload quick, slow;
    uint64_t *took_ns;          /* of each task; written by whoever runs it */
    _Alignas(64) uint64_t done; /* the sink's */
};

struct figures {
    double ms, ideal_ms, ratio;
};

static int give(void *state, struct fan_ctx *ctx, void *task)
{
    struct bench *bench = state;
    (void)ctx;
    if (bench->next == TASKS)
        return ENODATA;
    bool slow = mix(bench->next, 1) % 1000 == 0;
    *(struct task *)task = (struct task){bench->next++, slow ? &bench->slow : &bench->quick};
    return 0;
}

static int run(void *argument, struct fan_ctx *ctx, const void *argument_task, void *result)
{
    struct bench *bench = argument;
    const struct task *task = argument_task;
    (void)ctx;
    uint64_t began_ns = fan_now_ns();
    *(struct result *)result = run_task(*task);
    bench->took_ns[task->id] = fan_now_ns() - began_ns;
    return 0;
}

static int take(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    struct bench *bench = state;
    (void)ctx;
    (void)result;
    bench->done++;
    return 0;
}

/* How many rounds of work take that long here and now. */
static uint32_t rounds_for(uint64_t ns)
{
    enum { SAMPLE = 1000000 };
    uint64_t began_ns = fan_now_ns();
    volatile uint64_t kept = mix(1, SAMPLE);
    (void)kept;
    return (uint32_t)(ns * SAMPLE / (fan_now_ns() - began_ns));
}

static uint64_t ideal_ns(const uint64_t *took_ns)
{
    uint64_t free_at[2] = {0, 0};
    for (size_t i = 0; i < TASKS; i++)
        free_at[free_at[1] < free_at[0]] += took_ns[i];
    return free_at[0] > free_at[1] ? free_at[0] : free_at[1];
}

static struct figures run_once(bool busy)
{
    static uint64_t took_ns[TASKS];
    struct bench bench = {
        .quick = {.rounds = rounds_for(QUICK_NS)},
        .slow = {.rounds = busy ? rounds_for(SLOW_NS) : 0, .sleep_us = busy ? 0 : SLOW_NS / 1000},
        .took_ns = took_ns,
    };
    uint64_t began_ns = fan_now_ns();
    int error = fan_out_stream(NULL, &(struct fan_source){.next = give, .state = &bench},
                               &(struct fan_work){.run = run,
                                                  .argument = &bench,
                                                  .task_size = sizeof(struct task),
                                                  .result_size = sizeof(struct result)},
                               &(struct fan_sink){.put = take, .state = &bench},
                               &(struct fan_stream_options){.limit = 2}, NULL);
    double ms = (double)(fan_now_ns() - began_ns) / 1e6;
    bench_must(error ? error : bench.done == TASKS ? 0 : EIO, "fan_out_stream");
    double ideal_ms = (double)ideal_ns(took_ns) / 1e6;
    return (struct figures){ms, ideal_ms, ms / ideal_ms};
}

static int by_ratio(const void *a, const void *b)
{
    double x = ((const struct figures *)a)->ratio, y = ((const struct figures *)b)->ratio;
    return (x > y) - (x < y);
}

static void measure(const char *name, bool busy)
{
    struct figures figures[ROUNDS];
    for (int i = 0; i < ROUNDS; i++)
        figures[i] = run_once(busy);
    qsort(figures, ROUNDS, sizeof figures[0], by_ratio);
    struct figures middle = figures[ROUNDS / 2];
    printf("{\"bench\":\"straggler-%s\",\"value\":%.2f,\"unit\":\"ms\",\"ratio\":%.3f,"
           "\"least_ratio\":%.3f,\"most_ratio\":%.3f,\"goal\":1.05,\"peer\":\"ideal\","
           "\"peer_value\":%.2f}\n",
           name, middle.ms, middle.ratio, figures[0].ratio, figures[ROUNDS - 1].ratio,
           middle.ideal_ms);
}

int main(void)
{
    measure("busy", true);
    measure("sleeping", false);
    return 0;
}
