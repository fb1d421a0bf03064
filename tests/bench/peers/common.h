/* Shared by every C/C++ peer: the command line, the task/result objects, the
 * work function, the clock and the one JSON line. Nothing here queues. */
#ifndef FAN_BENCH_PEERS_COMMON_H
#define FAN_BENCH_PEERS_COMMON_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <inttypes.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct payload {
    uint32_t rounds, sleep_us;
};
struct task {
    uint64_t id;
    const struct payload *payload;
};
struct result {
    uint64_t id, index, value;
    int64_t err;
};

struct args {
    uint64_t tasks;
    uint32_t workers, queue, batch;
    struct payload payload;
    const char *variant;
};
/* what the fan-in end keeps: flat, one accumulator */
struct acc {
    uint64_t n, sum, index_sum, errs;
};
struct clk {
    double wall, cpu;
};

static inline uint64_t mix(uint64_t x, uint32_t rounds)
{
    for (uint32_t r = 0; r < rounds; r++) {
        uint64_t z = x + 0x9e3779b97f4a7c15ull;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
        x = z ^ (z >> 31);
    }
    return x;
}

/* Apart, so that a task which does not sleep saves no registers for it. */
static __attribute__((noinline, unused)) void sleep_us(uint32_t us)
{
    struct timespec ts = {us / 1000000, (long)(us % 1000000) * 1000};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
}

static inline struct result run_task(struct task t)
{
    const struct payload *p = t.payload;
    struct result r;
    if (__builtin_expect(p->sleep_us != 0, 0))
        sleep_us(p->sleep_us);
    r.id = t.id;
    r.index = t.id;
    r.value = mix(t.id, p->rounds);
    r.err = 0;
    return r;
}

static inline void acc_add(struct acc *a, const struct result *r)
{
    a->n++;
    a->sum += r->value;
    a->index_sum += r->index;
    a->errs += r->err != 0;
}

static inline struct args parse_args(int argc, char **argv)
{
    struct args a;
    memset(&a, 0, sizeof a);
    a.tasks = 1000000;
    a.workers = 2;
    a.queue = 1024;
    a.batch = 64;
    a.variant = "base";
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *k = argv[i], *v = argv[i + 1];
        if (!strcmp(k, "--tasks"))
            a.tasks = strtoull(v, 0, 10);
        else if (!strcmp(k, "--workers"))
            a.workers = (uint32_t)atoi(v);
        else if (!strcmp(k, "--queue"))
            a.queue = (uint32_t)atoi(v);
        else if (!strcmp(k, "--work"))
            a.payload.rounds = (uint32_t)atoi(v);
        else if (!strcmp(k, "--sleep-us"))
            a.payload.sleep_us = (uint32_t)atoi(v);
        else if (!strcmp(k, "--batch"))
            a.batch = (uint32_t)atoi(v);
        else if (!strcmp(k, "--variant"))
            a.variant = v;
        else {
            fprintf(stderr, "unknown option %s\n", k);
            exit(2);
        }
    }
    return a;
}

static inline struct clk clk_now(void)
{
    struct timespec ts;
    struct rusage ru;
    struct clk c;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    getrusage(RUSAGE_SELF, &ru);
    c.wall = (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
    c.cpu = (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
            (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) * 1e-6;
    return c;
}

/* VmHWM and not ru_maxrss: the latter keeps the peak of the process that
 * called exec. */
static inline long peak_rss_kb(void)
{
    char line[256];
    long kb = -1;
    FILE *f = fopen("/proc/self/status", "r");
    if (!f)
        return -1;
    while (fgets(line, sizeof line, f))
        if (!strncmp(line, "VmHWM:", 6))
            kb = atol(line + 6);
    fclose(f);
    return kb;
}

static inline int report(const char *peer, const struct args *a, struct clk t0, const struct acc *r)
{
    struct clk t1 = clk_now();
    double w = t1.wall - t0.wall;
    uint64_t n = a->tasks, want = (n & 1) ? n * ((n - 1) / 2) : (n / 2) * (n - 1);
    int bad = r->n != n || r->index_sum != want || r->errs;
    printf("{\"peer\":\"%s\",\"tasks\":%" PRIu64 ",\"workers\":%u,\"wall_s\":%.6f,"
           "\"ns_per_task\":%.2f,\"cpu_s\":%.6f,\"max_rss_kb\":%ld,\"checksum\":%" PRIu64 "%s}\n",
           peer, n, a->workers, w, w * 1e9 / (double)n, t1.cpu - t0.cpu, peak_rss_kb(), r->sum,
           bad ? ",\"bad\":true" : "");
    return bad;
}

/* name of peer with its variant, e.g. "pthread" or "pthread-batch64" */
static inline const char *peer_name(const char *base, const struct args *a)
{
    static char buf[96];
    if (!strcmp(a->variant, "base"))
        return base;
    if (!strcmp(a->variant, "batch"))
        snprintf(buf, sizeof buf, "%s-batch%u", base, a->batch);
    else
        snprintf(buf, sizeof buf, "%s-%s", base, a->variant);
    return buf;
}

/* for peers whose library never parks: spin, then yield, then sleep */
static inline void backoff(unsigned *n)
{
    if (*n < 64) {
        __builtin_ia32_pause();
    } else if (*n < 64 + 16)
        sched_yield();
    else {
        struct timespec ts = {0, 50000};
        clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
    }
    ++*n;
}
#endif
