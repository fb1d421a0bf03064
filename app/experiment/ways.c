/* The same tasks three ways, and by the executor: what a task pays for each. The tasks do next to
 * nothing, so that the cost is that of the way. */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "app/experiment/experiment.h"
#include "flow/fanout.h"
#include "flow/ways.h"
#include "run/atomic.h"
#include "run/time.h"

enum { TASKS = 5000, LIMIT = 4, ROUNDS = 3 };

/* How many run at the same time. */
struct crowd {
    unsigned now, most; /* atomic */
};

static int run_task(void *argument, struct fan_ctx *ctx, const void *task, void *result)
{
    struct crowd *crowd = argument;
    (void)ctx;
    unsigned now = fan_atomic_fetch_add(&crowd->now, 1, FAN_RELAXED) + 1;
    unsigned most = fan_atomic_load(&crowd->most, FAN_RELAXED);
    while (now > most &&
           !fan_atomic_compare_exchange(&crowd->most, &most, now, FAN_RELAXED, FAN_RELAXED))
        continue;
    *(uint64_t *)result = *(const uint64_t *)task * 3;
    fan_atomic_fetch_sub(&crowd->now, 1, FAN_RELAXED);
    return 0;
}

typedef int fan_way(struct fan_ctx *ctx, const void *tasks, size_t count,
                    const struct fan_work *work, void *results, int limit);

static int fan_out_plainly(struct fan_ctx *ctx, const void *tasks, size_t count,
                           const struct fan_work *work, void *results, int limit)
{
    return fan_out(ctx, tasks, count, work, results, NULL,
                   &(struct fan_stream_options){.limit = limit}, NULL);
}

static uint64_t cpu_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * FAN_SECOND + (uint64_t)used.tv_nsec;
}

struct arrays {
    uint64_t tasks[TASKS], results[TASKS];
};

static uint64_t count_right(const struct arrays *arrays)
{
    uint64_t right = 0;
    for (uint64_t i = 0; i < TASKS; i++)
        right += arrays->results[i] == 3 * arrays->tasks[i];
    return right;
}

/* Of ROUNDS rounds the fastest: what comes in between only makes it slower. */
static void measure(const char *name, fan_way *way, FILE *out)
{
    struct arrays *arrays = calloc(1, sizeof *arrays);
    struct crowd crowd = {0};
    uint64_t wall = UINT64_MAX, cpu = UINT64_MAX, right = 0;
    for (uint64_t i = 0; arrays && i < TASKS; i++)
        arrays->tasks[i] = i + 1;
    for (int round = 0; arrays && round < ROUNDS; round++) {
        uint64_t began_ns = fan_now_ns(), began_cpu_ns = cpu_ns();
        int error = way(NULL, arrays->tasks, TASKS,
                        &(struct fan_work){.run = run_task,
                                           .argument = &crowd,
                                           .task_size = sizeof(uint64_t),
                                           .result_size = sizeof(uint64_t)},
                        arrays->results, LIMIT);
        uint64_t took_ns = fan_now_ns() - began_ns, used_ns = cpu_ns() - began_cpu_ns;
        wall = took_ns < wall ? took_ns : wall;
        cpu = used_ns < cpu ? used_ns : cpu;
        right = error ? 0 : count_right(arrays);
    }
    fprintf(out,
            "\"%s\":{\"ns_per_task\":%.1f,\"cpu_ns_per_task\":%.1f,\"most_at_once\":%u,"
            "\"right\":%" PRIu64 "}",
            name, (double)wall / TASKS, (double)cpu / TASKS, crowd.most, right);
    free(arrays);
}

static void measure_all(uint64_t seed, FILE *out)
{
    (void)seed;
    fprintf(out, "\"tasks\":%d,\"limit\":%d,", TASKS, LIMIT);
    measure("channels", fan_ways_channels, out);
    fputc(',', out);
    measure("group", fan_ways_group, out);
    fputc(',', out);
    measure("semaphore", fan_ways_semaphore, out);
    fputc(',', out);
    measure("fan_out", fan_out_plainly, out);
}

const struct fan_experiment fan_experiment_ways = {
    .name = "ways",
    .parts = {measure_all},
};
