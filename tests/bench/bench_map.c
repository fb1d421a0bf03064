/* A parallel map between two channels: one thread feeds it, one empties it, and two work; or, as
 * one would write it by hand, two threads that receive, work and send. */
#include <errno.h>
#include <string.h>

#include "run/thread.h"
#include "stage/each.h"
#include "stage/map.h"
#include "stage/source.h"
#include "sync/waitgroup.h"
#include "tests/bench/measure.h"

struct stage {
    struct fan_chan *input, *output;
    struct fan_waitgroup workers;
    uint64_t next, count;
};

static int give(void *state, struct fan_ctx *ctx, void *element)
{
    struct stage *stage = state;
    (void)ctx;
    if (stage->next == stage->count)
        return ENODATA;
    memcpy(element, &stage->next, sizeof stage->next);
    stage->next++;
    return 0;
}

static int copy(void *unused, struct fan_ctx *ctx, const void *element, void *result)
{
    (void)unused, (void)ctx;
    memcpy(result, element, sizeof(uint64_t));
    return 0;
}

static int work_by_hand(void *argument, struct fan_ctx *ctx)
{
    struct stage *stage = argument;
    uint64_t element, result;
    int error = 0;
    while (!error && (error = fan_chan_recv(stage->input, &element, ctx)) == 0)
        if ((error = copy(NULL, ctx, &element, &result)) == 0)
            error = fan_chan_send(stage->output, &result, ctx);
    fan_waitgroup_done(&stage->workers);
    return error == EPIPE ? 0 : error;
}

static int close_after_all(void *argument, struct fan_ctx *ctx)
{
    struct stage *stage = argument;
    int error = fan_waitgroup_wait(&stage->workers, ctx);
    fan_chan_close(stage->output);
    return error;
}

static void start_by_hand(struct fan_group *pipe, struct stage *stage, int workers)
{
    fan_waitgroup_add(&stage->workers, workers);
    for (int i = 0; i < workers; i++)
        bench_must(fan_group_go(pipe, work_by_hand, stage), "fan_group_go");
    bench_must(fan_group_go(pipe, close_after_all, stage), "fan_group_go");
}

static void start_map(struct fan_group *pipe, struct stage *stage, const struct bench_case *which)
{
    struct fan_map_options options = {
        .run = copy, .workers = which->receivers, .ordered = which->way == BENCH_ORDERED};
    bench_must(fan_map_go(pipe, stage->input, stage->output, &options), "fan_map_go");
}

static uint64_t run_stage(const struct bench_run *run)
{
    const struct bench_case *which = run->which;
    struct stage stage = {.count = run->count, .workers.name = "workers"};
    struct fan_group pipe;
    uint64_t element, sum = 0;
    fan_group_init(&pipe, &(struct fan_group_options){.name = "bench"});
    stage.input = fan_chan_new("input", sizeof element, which->capacity);
    stage.output = fan_chan_new("output", sizeof element, which->capacity);
    bench_must(stage.input && stage.output ? 0 : ENOMEM, "fan_chan_new");
    bench_must(
        fan_source_go(&pipe, &(struct fan_source){.next = give, .state = &stage}, stage.input),
        "fan_source_go");
    if (which->way == BENCH_BY_HAND)
        start_by_hand(&pipe, &stage, which->receivers);
    else
        start_map(&pipe, &stage, which);
    while (fan_chan_recv(stage.output, &element, NULL) == 0)
        sum += element;
    bench_must(fan_group_wait(&pipe), "fan_group_wait");
    fan_group_destroy(&pipe);
    fan_waitgroup_destroy(&stage.workers);
    fan_chan_free(stage.input);
    fan_chan_free(stage.output);
    return sum;
}

int main(int argc, char **argv)
{
    struct bench_run run = bench_begin(argc, argv);
    bench_end(&run, run_stage(&run));
    return 0;
}
