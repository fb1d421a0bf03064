#include "tests/bench/measure.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct bench_case cases[] = {
    {"1to1-k0", 1, 1, 0, BENCH_PLAIN},
    {"2to2-k0", 2, 2, 0, BENCH_PLAIN},
    {"1to1-k1024", 1, 1, 1024, BENCH_PLAIN},
    {"2to2-k1024", 2, 2, 1024, BENCH_PLAIN},
    {"select-k0", 2, 1, 0, BENCH_SELECT},
    {"select-k1024", 2, 1, 1024, BENCH_SELECT},
    {"map-w2", 1, 2, 1024, BENCH_MAP},
    {"map-ordered-w2", 1, 2, 1024, BENCH_ORDERED},
    {"map-by-hand-w2", 1, 2, 1024, BENCH_BY_HAND},
};

static const struct option options[] = {
    {"case", required_argument, NULL, 'c'},
    {"n", required_argument, NULL, 'n'},
    {"telemetry", required_argument, NULL, 't'},
    {0},
};

static const struct bench_case *find_case(const char *name)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (strcmp(cases[i].name, name) == 0)
            return &cases[i];
    return NULL;
}

static uint64_t now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

struct bench_run bench_begin(int argc, char **argv)
{
    struct bench_run run = {0};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'c')
            run.which = find_case(optarg);
        else if (option == 'n')
            run.count = strtoull(optarg, NULL, 10);
        else if (option == 't')
            run.telemetry = strcmp(optarg, "on") == 0;
    }
    if (!run.which || run.count == 0) {
        fprintf(stderr, "usage: %s --case NAME --n COUNT [--telemetry on|off]\n", argv[0]);
        exit(2);
    }
    run.began_cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    run.began_ns = now_ns(CLOCK_MONOTONIC);
    return run;
}

void bench_end(const struct bench_run *run, uint64_t sum)
{
    uint64_t wall_ns = now_ns(CLOCK_MONOTONIC) - run->began_ns;
    uint64_t cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID) - run->began_cpu_ns;
    if (sum != run->count * (run->count - 1) / 2) {
        fprintf(stderr, "%s: elements were lost or doubled\n", run->which->name);
        exit(1);
    }
    double count = (double)run->count;
    printf("%.2f %.2f\n", (double)wall_ns / count, (double)cpu_ns / count);
}

void bench_must(int error, const char *what)
{
    if (error == 0)
        return;
    fprintf(stderr, "%s: %s\n", what, strerror(error));
    exit(1);
}
