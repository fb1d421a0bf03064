/* What it costs an executor to be observed: tiny tasks on two threads, in a program that publishes
 * nothing, one that publishes, and one that another looks at 30 times a second. They take turns, in
 * processes of their own, with one more of the first kind: how far the ratio of two equal programs
 * is off tells what the others are worth. Beside the wall's time, in which the reader takes its
 * part of the processors too, stands the program's own processor time. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "flow/stream.h"
#include "tests/bench/measure.h"
#include "watch/publish.h"
#include "watch/reader.h"

enum {
    ROUNDS = 41,
    TASKS = 20000000,
    FRAME_MS = 33,
};

enum mode { OFF, EQUAL, PUBLISHED, WATCHED, MODES };

static const struct {
    const char *name;
    double goal;
} modes[MODES] = {[OFF] = {"off", 1},
                  [EQUAL] = {"equal", 1},
                  [PUBLISHED] = {"published", 1.02},
                  [WATCHED] = {"watched", 1.05}};

struct cost {
    double wall, cpu; /* ns for a task */
};

struct source {
    _Alignas(128) uint64_t next;
};

struct sink {
    _Alignas(128) uint64_t sum;
};

static int give(void *state, struct fan_ctx *ctx, void *task)
{
    struct source *source = state;
    (void)ctx;
    if (source->next == TASKS)
        return ENODATA;
    *(uint64_t *)task = source->next++;
    return 0;
}

static int run(void *unused, struct fan_ctx *ctx, const void *task, void *result)
{
    (void)unused, (void)ctx;
    *(uint64_t *)result = *(const uint64_t *)task;
    return 0;
}

static int take(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    (void)ctx;
    ((struct sink *)state)->sum += *(const uint64_t *)result->value;
    return 0;
}

static uint64_t stream_ns(void)
{
    struct source source = {0};
    struct sink sink = {0};
    uint64_t began_ns = fan_clock_ns();
    bench_must(fan_out_stream(NULL, &(struct fan_source){.next = give, .state = &source},
                              &(struct fan_work){.run = run,
                                                 .task_size = sizeof(uint64_t),
                                                 .result_size = sizeof(uint64_t)},
                              &(struct fan_sink){.put = take, .state = &sink},
                              &(struct fan_stream_options){.limit = 2}, NULL),
               "fan_out_stream");
    uint64_t took_ns = fan_clock_ns() - began_ns;
    bench_must(sink.sum == (uint64_t)TASKS * (TASKS - 1) / 2 ? 0 : EPROTO, "a wrong sum");
    return took_ns;
}

/* The child's part; what it took is left in `took_ns`, which parent and child share. */
static void be_program(enum mode mode, int segment, uint64_t *took_ns)
{
    if (mode == PUBLISHED || mode == WATCHED)
        bench_must(fan_watch_publish(segment), "publish");
    *took_ns = stream_ns();
    _exit(0);
}

static void watch(pid_t child, struct fan_reader *reader, struct fan_snapshot *snapshot,
                  struct rusage *used)
{
    while (wait4(child, NULL, WNOHANG, used) == 0) {
        bench_must(fan_reader_look(reader, snapshot), "look");
        poll(NULL, 0, FRAME_MS);
    }
    bench_must(fan_reader_look(reader, snapshot), "look");
    bool all = snapshot->executor_count == 1 && snapshot->executors[0].tally.done == TASKS;
    bench_must(all ? 0 : EPROTO, "the reader has not seen all tasks");
}

static double ns_of(struct timeval time)
{
    return (double)time.tv_sec * 1e9 + (double)time.tv_usec * 1e3;
}

static struct cost measure(enum mode mode, uint64_t *took_ns, struct fan_snapshot *snapshot)
{
    int segment;
    char why[128];
    struct rusage used;
    struct fan_reader *reader = NULL;
    bench_must(fan_segment_create(&segment), "create a segment");
    pid_t child = fork();
    bench_must(child < 0 ? errno : 0, "fork");
    if (child == 0)
        be_program(mode, segment, took_ns);
    if (mode == WATCHED) {
        bench_must(fan_reader_open(segment, &reader, why), why);
        watch(child, reader, snapshot, &used);
        fan_reader_close(reader);
    } else {
        wait4(child, NULL, 0, &used);
    }
    close(segment);
    return (struct cost){(double)*took_ns / TASKS,
                         (ns_of(used.ru_utime) + ns_of(used.ru_stime)) / TASKS};
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void sort(double values[ROUNDS])
{
    qsort(values, ROUNDS, sizeof values[0], compare);
}

/* The median of the rounds' ratios, and where the middle half of them lies. */
static void print(enum mode mode, const char *what, double ratios[ROUNDS])
{
    sort(ratios);
    printf("{\"bench\":\"observed-%s-%s\",\"value\":%.4f,\"unit\":\"ratio\",\"low\":%.4f,"
           "\"high\":%.4f,\"goal\":%.2f}\n",
           modes[mode].name, what, ratios[ROUNDS / 2], ratios[ROUNDS / 4], ratios[ROUNDS * 3 / 4],
           modes[mode].goal);
}

/* Each begins a round in its turn. */
static void take_round(int round, struct cost costs[MODES], uint64_t *took_ns,
                       struct fan_snapshot *snapshot)
{
    for (int i = 0; i < MODES; i++) {
        int mode = (round + i) % MODES;
        costs[mode] = measure((enum mode)mode, took_ns, snapshot);
    }
}

int main(void)
{
    static struct fan_snapshot snapshot;
    static double wall[MODES][ROUNDS], cpu[MODES][ROUNDS], off[ROUNDS];
    uint64_t *took_ns =
        mmap(NULL, sizeof *took_ns, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bench_must(took_ns == MAP_FAILED ? errno : 0, "mmap");
    for (int round = 0; round < ROUNDS; round++) {
        struct cost costs[MODES];
        take_round(round, costs, took_ns, &snapshot);
        off[round] = costs[OFF].cpu;
        for (int mode = 0; mode < MODES; mode++) {
            wall[mode][round] = costs[mode].wall / costs[OFF].wall;
            cpu[mode][round] = costs[mode].cpu / costs[OFF].cpu;
        }
    }
    sort(off);
    printf("{\"bench\":\"observed-off-cpu\",\"value\":%.2f,\"unit\":\"ns/task\"}\n",
           off[ROUNDS / 2]);
    for (enum mode mode = EQUAL; mode < MODES; mode++) {
        print(mode, "wall", wall[mode]);
        print(mode, "cpu", cpu[mode]);
    }
    return 0;
}
