/* A merge beside the textbook's way, a thread for each input: processor time for one element, from
 * sources that send as fast as they can through channels of 64. The two take turns. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "run/thread.h"
#include "stage/merge.h"
#include "sync/waitgroup.h"
#include "tests/bench/measure.h"

enum { MOST = 31, CAPACITY = 64, ELEMENTS = 200000, ROUNDS = 7 };

struct bench {
    struct fan_group pipe;
    struct fan_chan *inputs[MOST], *output;
    struct fan_waitgroup forwarding;
    size_t count;
};

struct source {
    struct fan_chan *output;
    uint64_t elements;
};

struct forwarder {
    struct fan_chan *input;
    struct bench *bench;
};

static int send_all(void *argument, struct fan_ctx *ctx)
{
    struct source *source = argument;
    int error = 0;
    for (uint64_t i = 0; i < source->elements && !error; i++)
        error = fan_chan_send(source->output, &i, ctx);
    fan_chan_close(source->output);
    return error;
}

static int forward(void *argument, struct fan_ctx *ctx)
{
    struct forwarder *forwarder = argument;
    uint64_t element;
    int error = 0;
    while (!error && (error = fan_chan_recv(forwarder->input, &element, ctx)) == 0)
        error = fan_chan_send(forwarder->bench->output, &element, ctx);
    fan_waitgroup_done(&forwarder->bench->forwarding);
    return error == EPIPE ? 0 : error;
}

static int close_after_all(void *argument, struct fan_ctx *ctx)
{
    struct bench *bench = argument;
    int error = fan_waitgroup_wait(&bench->forwarding, ctx);
    fan_chan_close(bench->output);
    return error;
}

static void start_forwarders(struct bench *bench, struct forwarder *forwarders)
{
    fan_waitgroup_add(&bench->forwarding, (int64_t)bench->count);
    for (size_t i = 0; i < bench->count; i++) {
        forwarders[i] = (struct forwarder){bench->inputs[i], bench};
        bench_must(fan_group_go(&bench->pipe, forward, &forwarders[i]), "fan_group_go");
    }
    bench_must(fan_group_go(&bench->pipe, close_after_all, bench), "fan_group_go");
}

static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void begin(struct bench *bench, size_t count)
{
    *bench = (struct bench){.count = count, .forwarding.name = "forwarding"};
    fan_group_init(&bench->pipe, &(struct fan_group_options){.name = "bench"});
    bench->output = fan_chan_new("output", sizeof(uint64_t), CAPACITY);
    for (size_t i = 0; i < count; i++)
        bench->inputs[i] = fan_chan_new("input", sizeof(uint64_t), CAPACITY);
}

static void end(struct bench *bench)
{
    bench_must(fan_group_wait(&bench->pipe), "fan_group_wait");
    fan_group_destroy(&bench->pipe);
    fan_waitgroup_destroy(&bench->forwarding);
    for (size_t i = 0; i < bench->count; i++)
        fan_chan_free(bench->inputs[i]);
    fan_chan_free(bench->output);
}

static double run_once(size_t count, bool merges)
{
    struct bench bench;
    struct source sources[MOST];
    struct forwarder forwarders[MOST];
    uint64_t received = 0;
    begin(&bench, count);
    double began_ns = cpu_ns();
    for (size_t i = 0; i < count; i++) {
        sources[i] = (struct source){bench.inputs[i], ELEMENTS / count};
        bench_must(fan_group_go(&bench.pipe, send_all, &sources[i]), "fan_group_go");
    }
    if (merges)
        bench_must(fan_merge_go(&bench.pipe, bench.inputs, count, bench.output, NULL), "merge");
    else
        start_forwarders(&bench, forwarders);
    while (fan_chan_recv(bench.output, NULL, NULL) == 0)
        received++;
    end(&bench);
    bench_must(received == ELEMENTS / count * count ? 0 : EIO, "all elements");
    return (cpu_ns() - began_ns) / (double)received;
}

struct figures {
    double ours_ns, theirs_ns, ratio;
};

static int by_ratio(const void *a, const void *b)
{
    double x = ((const struct figures *)a)->ratio, y = ((const struct figures *)b)->ratio;
    return (x > y) - (x < y);
}

static void measure(size_t count)
{
    struct figures figures[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        figures[i].ours_ns = run_once(count, true);
        figures[i].theirs_ns = run_once(count, false);
        figures[i].ratio = figures[i].ours_ns / figures[i].theirs_ns;
    }
    qsort(figures, ROUNDS, sizeof figures[0], by_ratio);
    struct figures middle = figures[ROUNDS / 2];
    printf("{\"bench\":\"merge-%zu\",\"value\":%.1f,\"unit\":\"cpu-ns/element\",\"ratio\":%.3f,"
           "\"least_ratio\":%.3f,\"most_ratio\":%.3f,\"peer\":\"thread-each\","
           "\"peer_value\":%.1f}\n",
           count, middle.ours_ns, middle.ratio, figures[0].ratio, figures[ROUNDS - 1].ratio,
           middle.theirs_ns);
}

int main(void)
{
    measure(2);
    measure(8);
    measure(MOST);
    return 0;
}
