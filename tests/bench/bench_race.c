/* What the race detector and the model of cache lines cost: one figure a line, as JSON. Each is the
 * fastest of ROUNDS rounds, in CPU time: what disturbs them only ever adds. */
#include "base/random.h"
#include "base/stack.h"
#include "sim/lines.h"
#include "sim/race.h"

#include <stdio.h>
#include <time.h>

enum {
    ROUNDS = 30,
    THREADS = 4,
    WORDS = 256,
};

struct bench {
    struct fan_race *race;
    struct fan_lines *lines;
    uintptr_t base;
    uintptr_t addresses[4096]; /* random words of 256 lines */
};

/* Does some work and returns how many accesses (or runs) it was. */
typedef uint64_t work(struct bench *bench);

static void begin(struct bench *bench)
{
    fan_race_reset(bench->race);
    for (uint32_t i = 1; i < THREADS; i++)
        fan_race_fork(bench->race, 0, i);
}

static void touch(struct bench *bench, uint32_t thread, enum fan_race_kind kind, uintptr_t address,
                  size_t size)
{
    struct fan_race_access access = {
        .address = address,
        .size = size,
        .thread = thread,
        .kind = kind,
        .pc = (uintptr_t)__builtin_return_address(0),
        .frame = (uintptr_t)__builtin_frame_address(0),
    };
    fan_race_access(bench->race, &access);
}

/* Four threads go over words of their own again and again. */
static uint64_t same_epoch(struct bench *bench)
{
    begin(bench);
    for (int round = 0; round < 400; round++)
        for (uint32_t i = 0; i < WORDS; i++)
            touch(bench, i % THREADS, round & 1 ? FAN_RACE_WRITE : FAN_RACE_READ,
                  bench->base + 8 * i, 8);
    return 400 * WORDS;
}

/* The same eight bytes at a time, one by one: what cells of single bytes would cost. */
static uint64_t bytes(struct bench *bench)
{
    begin(bench);
    for (int round = 0; round < 400; round++)
        for (uint32_t i = 0; i < WORDS; i++)
            for (uintptr_t byte = 0; byte < 8; byte++)
                touch(bench, i % THREADS, round & 1 ? FAN_RACE_WRITE : FAN_RACE_READ,
                      bench->base + 8 * i + byte, 1);
    return 400 * WORDS;
}

/* A lock goes round: each time, two counters are read and written. */
static uint64_t new_epoch(struct bench *bench)
{
    begin(bench);
    for (uint32_t i = 0; i < 40000; i++) {
        uint32_t thread = i % THREADS;
        fan_race_acquire(bench->race, thread, 1);
        touch(bench, thread, FAN_RACE_READ, bench->base, 8);
        touch(bench, thread, FAN_RACE_WRITE, bench->base, 8);
        touch(bench, thread, FAN_RACE_READ, bench->base + 8, 8);
        touch(bench, thread, FAN_RACE_WRITE, bench->base + 8, 8);
        fan_race_release(bench->race, thread, 1);
    }
    return 4 * 40000;
}

static uint64_t sync_edges(struct bench *bench)
{
    begin(bench);
    for (uint32_t i = 0; i < 100000; i++) {
        fan_race_acquire(bench->race, i % THREADS, i % 5);
        fan_race_release(bench->race, i % THREADS, i % 5);
    }
    return 200000;
}

/* A run as an explorer makes it: seven threads, sixteen items, fifty edges; then the next. */
static uint64_t whole_run(struct bench *bench)
{
    for (int run = 0; run < 2000; run++) {
        fan_race_reset(bench->race);
        for (uint32_t i = 1; i < 7; i++)
            fan_race_fork(bench->race, 0, i);
        for (uint32_t i = 0; i < 16; i++) {
            uint32_t thread = 1 + i % 4;
            fan_race_acquire(bench->race, thread, 1);
            fan_race_release(bench->race, thread, 1);
            touch(bench, thread, FAN_RACE_WRITE, bench->base + 8 * i, 8);
            fan_race_release(bench->race, thread, 2);
        }
        for (uint32_t i = 1; i < 7; i++)
            fan_race_join(bench->race, 0, i);
        for (uint32_t i = 0; i < 16; i++)
            touch(bench, 0, FAN_RACE_READ, bench->base + 8 * i, 8);
    }
    return 2000;
}

static uint64_t lines_own(struct bench *bench)
{
    fan_lines_reset(bench->lines);
    for (int round = 0; round < 400; round++)
        for (uint32_t i = 0; i < WORDS; i++)
            fan_lines_access(bench->lines, i / 8 % THREADS, bench->base + 8 * i, 8, round & 1);
    return 400 * WORDS;
}

/* The worst case: threads in turn on random words, a third of them writes. */
static uint64_t lines_random(struct bench *bench)
{
    fan_lines_reset(bench->lines);
    for (int round = 0; round < 25; round++)
        for (uint32_t i = 0; i < 4096; i++)
            fan_lines_access(bench->lines, i % THREADS, bench->addresses[i], 8, i % 3 == 0);
    return 25 * 4096;
}

static uint64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void measure(struct bench *bench, const char *name, const char *unit, work *what)
{
    double fastest = 0;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t began = cpu_ns();
        uint64_t count = what(bench);
        double each = (double)(cpu_ns() - began) / (double)count;
        if (i == 0 || each < fastest)
            fastest = each;
    }
    printf("{\"bench\":\"%s\",\"value\":%.2f,\"unit\":\"%s\"}\n", name, fastest, unit);
}

int main(void)
{
    static struct bench bench;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    fan_stack_set_bounds((struct fan_stack_bounds){here - 65536, here + 64});
    static _Alignas(64) char memory[256 * 64];
    bench.race = fan_race_new();
    bench.lines = fan_lines_new();
    if (!bench.race || !bench.lines)
        return 1;
    bench.base = (uintptr_t)memory;
    struct fan_random random = {.state = 1};
    for (int i = 0; i < 4096; i++)
        bench.addresses[i] = bench.base + 8 * fan_random_below(&random, sizeof memory / 8);
    measure(&bench, "race-same-epoch", "ns/access", same_epoch);
    measure(&bench, "race-bytes", "ns/8 accesses", bytes);
    measure(&bench, "race-new-epoch", "ns/access", new_epoch);
    measure(&bench, "race-edge", "ns/edge", sync_edges);
    measure(&bench, "race-run", "ns/run", whole_run);
    measure(&bench, "lines-own", "ns/access", lines_own);
    measure(&bench, "lines-random", "ns/access", lines_random);
    fan_race_free(bench.race);
    fan_lines_free(bench.lines);
    return 0;
}
