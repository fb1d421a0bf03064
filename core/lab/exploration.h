#ifndef FAN_LAB_EXPLORATION_H
#define FAN_LAB_EXPLORATION_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/schedule.h"
#include "watch/finding.h"

/* An exploration: what a child that runs one schedule after the other has found so far. It lies in
 * shared memory that the parent owns, so that a child which dies at any step loses nothing: not its
 * findings, and not the schedule that killed it.
 *
 * The child writes, the parent reads while it goes on. Counters are read and written atomically; a
 * failure is complete when `failure_count` says so (written with release order). The parent trusts
 * no number in it further than its bounds. */
enum {
    FAN_EXPLORATION_VERSION = 1,
    FAN_EXPLORATION_FAILURES = 8, /* different ones; more are counted, not kept */
};

/* One way to fail: a kind and a place. */
struct fan_failure {
    uint32_t kind;       /* enum fan_finding_kind */
    char message[160];   /* "close of closed channel out", "main waits ..." */
    uint64_t place;      /* tells failures of a kind apart: a hash of where its threads stand */
    uint64_t schedules;  /* how many failed this way; grows */
    uint64_t first;      /* the number of the first such schedule, from 1 */
    uint64_t trace_hash; /* of the run of `schedule` */
    struct fan_schedule schedule; /* the shortest known */
    uint32_t minimised; /* 1 when `schedule` has been shortened, 2 when it is certified that no
                           schedule with fewer deviations fails */
};

struct fan_exploration {
    uint32_t version;
    uint32_t complete; /* every schedule has been covered */
    uint32_t ended;    /* the child ended in good order */
    uint32_t failure_count;
    uint64_t schedules, failing; /* run, and of these failed */
    uint64_t abandoned;          /* begun and given up, for they led nowhere new (dpor) */
    uint64_t classes;            /* dpor: distinct ones, up to commuting steps; 0 = not counted */
    uint64_t steps;
    uint64_t began_ns, now_ns; /* CLOCK_MONOTONIC */
    uint64_t trace_hash;       /* of the latest schedule, where a single one was ordered */
    uint32_t diverged;         /* 1 if that does not fit this program */
    uint64_t build;            /* hash of the operations of the default schedule */
    struct fan_failure failures[FAN_EXPLORATION_FAILURES];
    struct fan_schedule current; /* of the run that is going on, as it grows */
};

#endif
