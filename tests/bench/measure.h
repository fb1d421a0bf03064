#ifndef FAN_BENCH_MEASURE_H
#define FAN_BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the channel benchmark and its peers share: the cases, the command line, the clock and the
 * answer. Each program is called as
 *
 *     PROGRAM --case 2to2-k1024 --n 1000000
 *
 * sends the numbers below n through its channel once, and prints two numbers: nanoseconds of wall
 * clock and of CPU time for one element. peers/chan_go.go does the same by its own means. */
enum bench_way { BENCH_PLAIN, BENCH_SELECT, BENCH_MAP, BENCH_ORDERED, BENCH_BY_HAND };

struct bench_case {
    const char *name;
    int senders;
    int receivers;   /* one receiver of a select case reads from one channel for each sender; of a
                      * map, the threads that work, and one more receives */
    size_t capacity; /* 0 = unbuffered */
    enum bench_way way;
};

struct bench_run {
    const struct bench_case *which;
    uint64_t count;
    bool telemetry;
    uint64_t began_ns;
    uint64_t began_cpu_ns;
};

/* Reads the command line and starts the clock; a wrong one ends the program with status 2. */
struct bench_run bench_begin(int argc, char **argv);

/* Stops the clock and prints the answer. `sum` is that of all received elements: a wrong one, that
 * is a lost or a doubled element, ends the program with status 1. */
void bench_end(const struct bench_run *run, uint64_t sum);

/* Ends the program with a message if an error is not 0. */
void bench_must(int error, const char *what);

#endif
