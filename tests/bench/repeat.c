#define _GNU_SOURCE
#include "tests/bench/repeat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/measure.h"

enum { ROUNDS = 200 };

void bench_path_in_build(const char *name, char path[4096])
{
    ssize_t length = readlink("/proc/self/exe", path, 4000);
    bench_must(length < 0 ? errno : 0, "readlink /proc/self/exe");
    path[length] = '\0';
    *strrchr(path, '/') = '\0';
    strcpy(strrchr(path, '/') + 1, name);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void bench_repeat(const char *name, double goal_ms, double (*once)(void))
{
    double ms[ROUNDS];
    for (int i = 0; i < ROUNDS; i++)
        ms[i] = once();
    qsort(ms, ROUNDS, sizeof ms[0], compare);
    printf("{\"bench\":\"%s-p50\",\"value\":%.2f,\"unit\":\"ms\"}\n", name, ms[ROUNDS / 2]);
    printf("{\"bench\":\"%s-p95\",\"value\":%.2f,\"unit\":\"ms\",\"goal\":%.2f}\n", name,
           ms[ROUNDS * 95 / 100], goal_ms);
}
