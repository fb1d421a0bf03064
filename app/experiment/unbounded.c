/* A thread for each task, until no more are to be had; and beside it the executor with a limit, on
 * as many tasks and more. Both send their tasks to a service that has fewer servers than there are
 * tasks: so those that are started and not answered heap up, or do not. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/experiment/experiment.h"
#include "app/experiment/service.h"
#include "base/panic.h"
#include "flow/stream.h"
#include "run/atomic.h"
#include "run/thread.h"
#include "run/time.h"

enum {
    BUDGET = 4000, /* threads */
    SERVERS = 64,
    POINTS = 20,
    BOUNDED_TASKS = 10000,
    UNBOUNDED_STEP = 200, /* tasks from one point of the curve to the next */
};

static const struct fan_service_times times = {.base_ns = 10 * FAN_MILLISECOND};

struct run {
    struct fan_service service;
    uint64_t begun; /* the source's, or the one who spawns */
    uint64_t done;  /* atomic */
    bool first;     /* point of the curve that is to be printed */
    FILE *out;
};

/* From /proc: pages that are in memory. */
static uint64_t rss_bytes(void)
{
    unsigned long long size, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%llu %llu", &size, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void print_point(struct run *run, size_t threads)
{
    fprintf(run->out,
            "%s{\"tasks\":%" PRIu64 ",\"done\":%" PRIu64 ",\"threads\":%zu,\"rss_bytes\":%" PRIu64
            "}",
            run->first ? "" : ",", run->begun, fan_atomic_load(&run->done, FAN_RELAXED), threads,
            rss_bytes());
    run->first = false;
}

static int call(struct run *run, uint64_t number, struct fan_ctx *ctx)
{
    int error = fan_service_call(&run->service, number, 0, ctx);
    fan_atomic_fetch_add(&run->done, 1, FAN_RELAXED);
    return error;
}

/* ---- a thread for each task ---- */

static void run_one(void *argument)
{
    struct run *run = argument;
    call(run, 0, NULL);
}

/* Returns the error that ended it. The last point tells of the threads there were when one more was
 * refused; some have ended since. */
static int spawn_all(struct run *run)
{
    for (;; run->begun++) {
        struct fan_thread *thread;
        size_t threads = fan_thread_count();
        int error = fan_thread_spawn(NULL, run_one, run, &thread);
        if (!error)
            fan_thread_detach(thread);
        if (error || run->begun % UNBOUNDED_STEP == 0)
            print_point(run, threads);
        if (error)
            return error;
    }
}

static void run_unbounded(struct run *run)
{
    fprintf(run->out, "\"unbounded\":{\"curve\":[");
    uint64_t began_ns = fan_now_ns();
    int error = spawn_all(run);
    double took_ms = (double)(fan_now_ns() - began_ns) / FAN_MILLISECOND;
    fprintf(run->out, "],\"stopped_by\":\"%s\",\"stopped_after_ms\":%.1f}", strerror(error),
            took_ms);
    fan_thread_wait_all();
}

/* ---- the executor ---- */

static int give(void *state, struct fan_ctx *ctx, void *task)
{
    struct run *run = state;
    (void)ctx;
    if (run->begun == BOUNDED_TASKS)
        return ENODATA;
    if (run->begun % (BOUNDED_TASKS / POINTS) == 0)
        print_point(run, fan_thread_count());
    memcpy(task, &run->begun, sizeof run->begun);
    run->begun++;
    return 0;
}

static int run_task(void *state, struct fan_ctx *ctx, const void *task, void *result)
{
    uint64_t number;
    (void)result;
    memcpy(&number, task, sizeof number);
    return call(state, number, ctx);
}

static int forget(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    (void)state, (void)ctx, (void)result;
    return 0;
}

static void run_bounded(struct run *run)
{
    fprintf(run->out, "\"bounded\":{\"limit\":%d,\"curve\":[", SERVERS);
    uint64_t began_ns = fan_now_ns();
    int error = fan_out_stream(
        NULL, &(struct fan_source){.next = give, .state = run},
        &(struct fan_work){.run = run_task, .argument = run, .task_size = sizeof(uint64_t)},
        &(struct fan_sink){.put = forget}, &(struct fan_stream_options){.limit = SERVERS}, NULL);
    if (error)
        fan_panic("the executor: %s", strerror(error));
    print_point(run, fan_thread_count());
    fprintf(run->out, "],\"took_ms\":%.1f}", (double)(fan_now_ns() - began_ns) / FAN_MILLISECOND);
}

static void run_side(uint64_t seed, void (*side)(struct run *), FILE *out)
{
    struct run *run = calloc(1, sizeof *run);
    if (!run)
        fan_panic("no memory");
    run->out = out;
    run->first = true;
    fan_service_init(&run->service, SERVERS, &times, seed);
    side(run);
    fan_service_destroy(&run->service);
    free(run);
}

static void bounded(uint64_t seed, FILE *out)
{
    fan_thread_set_budget(BUDGET);
    fprintf(out, "\"budget_threads\":%d,", BUDGET);
    run_side(seed, run_bounded, out);
}

static void unbounded(uint64_t seed, FILE *out)
{
    run_side(seed, run_unbounded, out);
}

/* The bounded one first: what the other leaves in memory would count against it. */
const struct fan_experiment fan_experiment_unbounded = {
    .name = "unbounded",
    .parts = {bounded, unbounded},
};
