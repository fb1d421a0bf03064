#ifndef FAN_APP_CHILD_H
#define FAN_APP_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lab/exploration.h"
#include "lab/scenario.h"

/* A child process that runs one variant, seen from its parent: started with posix_spawn in a
 * process group of its own, with nothing of the parent's but its standard error (a pipe), the
 * segment, and the exploration if it is one of the controlled scheduler. It is gone when this
 * structure is closed, and when the parent dies (lab/child.h). */
enum {
    FAN_CHILD_WORKERS = 128, /* the most workers a run may ask for */
    FAN_CHILD_THREADS = 144, /* thread budget: those, and what a scenario needs beside them */
    FAN_CHILD_CPU_S = 30,
};

/* What only the controlled scheduler has; lab/child.h tells more. Left zeroed, one schedule is run:
 * the first of the random walk. */
struct fan_child_schedules {
    const char *schedule; /* this one; NULL = none given */
    const char *strategy; /* NULL = none; else up to `count` schedules of it are run, unseen */
    uint64_t count, bound;
    uint64_t walk;   /* the strategy's seed */
    int frontier;    /* descriptor of a search that several share; 0 = none */
    uint32_t place;  /* there; or which part of one, */
    uint32_t places; /* of so many; 0 = all of it */
    bool shown_only; /* run the one schedule once, for all to see */
    bool fine;       /* at the fine grain (run/sim_backend.h) */
    bool pass_marks; /* with a strategy: marks of accesses are no choices */
    bool stops;      /* show the one schedule only up to */
    uint32_t stop;   /* so many choices */
};

struct fan_child_options {
    const char *helper; /* path of the program; NULL = the one of the runtime beside this one */
    bool sim;           /* the controlled scheduler's, not the one with the system's threads */
    struct fan_child_schedules schedules;
    const char *scenario, *variant;
    uint64_t seed, workers, items, pace_ns;
    uint64_t threads;      /* budget; 0 = FAN_CHILD_THREADS */
    uint64_t memory_bytes; /* address space; 0 = 1 GiB, 4 GiB for sim */
    uint64_t cpu_s;        /* processor time; 0 = FAN_CHILD_CPU_S */
};

struct fan_child {
    pid_t pid;   /* -1 when reaped */
    int pidfd;   /* readable when it has ended; -1 where there is no such thing (valgrind) */
    int segment; /* the telemetry's memfd; stays readable after the end */
    struct fan_exploration *exploration; /* shared with the child; NULL if not sim */
    int errors;                          /* its standard error, non-blocking */
    int status;                          /* of waitpid, once reaped */
};

/* The name of a runtime: "real", "sim". */
const char *fan_child_runtime(const struct fan_child_options *options);

/* The path of the program that a child runs. Errors, with one line in `why` that says what to do:
 * ENOENT or EACCES if it is not there, ENAMETOOLONG, those of readlink(2) where /proc is missing.
 */
int fan_child_helper(const struct fan_child_options *options, char *path, size_t size,
                     char why[160]);

/* The path of another program of ours, which lies beside this one. Errors as above. */
int fan_child_beside_us(const char *name, char *path, size_t size, char why[160]);

/* Starts a child. Does not wait for it. Errors, with one line in `why`: those of fan_child_helper,
 * posix_spawn(3), memfd_create(2), pipe(2), pidfd_open(2). */
int fan_child_start(const struct fan_child_options *options, struct fan_child *child,
                    char why[160]);

/* Reaps the child if it has ended, after killing what it left in its process group; returns whether
 * it has. Does not block. */
bool fan_child_ended(struct fan_child *child);

/* Kills the child's whole process group, reaps it, closes the descriptors; `status` stays. Blocks
 * for the reaping only. A zeroed or closed child is accepted. */
void fan_child_close(struct fan_child *child);

#endif
