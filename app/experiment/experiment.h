#ifndef FAN_APP_EXPERIMENT_EXPERIMENT_H
#define FAN_APP_EXPERIMENT_EXPERIMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* An experiment: a workload that runs on the library and measures itself. It runs in a child of
 * `fanlab experiment`, with threads of the system (fanlab-experiment-real) or under the controlled
 * scheduler, where time is virtual and equal seeds give equal figures (fanlab-experiment-sim). The
 * same source makes both; it knows nothing of screens, and prints one JSON object.
 *
 *     fanlab-experiment-sim NAME SEED PARENT
 *
 * It is contained like the children that run bugs (lab/contain.h): it may eat threads and memory,
 * and dies with its parent. */
struct fan_experiment {
    const char *name;
    /* Its parts, one after the other, each with threads of its own; ended by NULL. Each prints one
     * or more members of the object. */
    void (*parts[4])(uint64_t seed, FILE *out);
};

extern const struct fan_experiment fan_experiment_aimd, fan_experiment_hedge,
    fan_experiment_unbounded, fan_experiment_ways;

/* The experiment with this name, NULL if there is none. */
const struct fan_experiment *fan_experiment_find(const char *name);

/* Runs one part on this child's runtime. Returns 0, or an errno value with a line on standard
 * error. */
int fan_experiment_host(void (*part)(uint64_t seed, FILE *out), uint64_t seed, FILE *out);

/* Whether time is virtual. There, no more than FAN_EXPERIMENT_SIM_THREADS threads can be had. */
enum { FAN_EXPERIMENT_SIM_THREADS = 60 };
bool fan_experiment_is_sim(void);

#endif
