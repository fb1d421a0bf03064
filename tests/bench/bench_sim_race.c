/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* What race detection costs: schedules a second of processor time, of the pool of 4 workers and 4
 * items under the random walk, with it and without, in turns. The fastest of ROUNDS each. */
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "sim/random.h"
#include "tests/support/sim_program.h"
#include "tests/support/sim_programs.h"

enum { ROUNDS = 60, RUNS = 2000 };

static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double run_ns(bool watched)
{
    struct fan_random random = {.state = 1};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    sim_program_watch(watched);
    double began = cpu_ns();
    for (int run = 0; run < RUNS; run++)
        sim_program_run(&strategy, sim_pool);
    return (cpu_ns() - began) / RUNS;
}

static void report(const char *name, double best_ns)
{
    printf("{\"bench\":\"%s\",\"value\":%.0f,\"unit\":\"schedules/s\"}\n", name, 1e9 / best_ns);
}

int main(void)
{
    double on_ns = 1e9, off_ns = 1e9;
    struct fan_sim *sim = sim_program_begin();
    for (int round = 0; round < ROUNDS; round++) {
        double on = run_ns(true), off = run_ns(false);
        on_ns = on < on_ns ? on : on_ns;
        off_ns = off < off_ns ? off : off_ns;
    }
    report("sim-race-on", on_ns);
    report("sim-race-off", off_ns);
    fan_sim_free(sim);
    return 0;
}
