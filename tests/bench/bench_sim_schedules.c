/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* How many schedules a second of processor time one core explores, and what a step takes: of a pool
 * of 4 workers and 4 items with a producer and a closer, over buffered channels, with race
 * detection on. One figure a line, as JSON, beside the goal. Each is the fastest of ROUNDS short
 * rounds: what disturbs them only ever adds. */
#include <stdio.h>
#include <time.h>

#include "sim/pct.h"
#include "sim/random.h"
#include "tests/support/sim_program.h"
#include "tests/support/sim_programs.h"

enum { ROUNDS = 60, RUNS = 2000, GOAL_SCHEDULES = 300000, GOAL_STEP_NS = 80 };

struct figures {
    double run_ns, step_ns;
};

static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static struct figures measure_once(struct fan_sim *sim, const struct fan_strategy *strategy)
{
    uint64_t steps = 0;
    double began = cpu_ns();
    for (int run = 0; run < RUNS; run++) {
        sim_program_run(strategy, sim_pool);
        strategy->kind->end(strategy->state, sim);
        steps += fan_sim_event_count(sim);
    }
    double took = cpu_ns() - began;
    return (struct figures){took / RUNS, took / (double)steps};
}

static void measure(struct fan_sim *sim, const struct fan_strategy_kind *kind, void *state)
{
    struct fan_strategy strategy = {kind, state};
    struct figures best = measure_once(sim, &strategy);
    for (int round = 1; round < ROUNDS; round++) {
        struct figures next = measure_once(sim, &strategy);
        if (next.run_ns < best.run_ns)
            best = next;
    }
    printf("{\"bench\":\"sim-schedules-%s\",\"value\":%.0f,\"unit\":\"schedules/s\",\"goal\":%d}\n",
           kind->name, 1e9 / best.run_ns, GOAL_SCHEDULES);
    printf("{\"bench\":\"sim-step-%s\",\"value\":%.1f,\"unit\":\"ns/step\",\"goal\":%d}\n",
           kind->name, best.step_ns, GOAL_STEP_NS);
}

int main(void)
{
    struct fan_random random = {.state = 1};
    struct fan_pct pct = {.random = {.state = 1}};
    struct fan_sim *sim = sim_program_begin();
    measure(sim, &fan_strategy_random, &random);
    measure(sim, &fan_strategy_pct, &pct);
    fan_sim_free(sim);
    return 0;
}
