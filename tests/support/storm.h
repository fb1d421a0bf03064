#ifndef FAN_TESTS_SUPPORT_STORM_H
#define FAN_TESTS_SUPPORT_STORM_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/stream.h"

/* A storm: one run of the executor, made by a seed, in which everything may happen that can happen
 * to it. Tasks weigh something or are late, are quick, sleep, wait for what never comes, fail,
 * panic, or do not look at their context for a while; the source ends, fails, or waits; the sink is
 * slow, leaves, or waits; and the call is ended from within or from beside, by a cancel, a
 * deadline, or a parent's, at a moment that is an operation's number and not a time. All that the
 * user's side sees is counted there, and held against what the call returns and reports.
 *
 *     struct storm_plan plan;
 *     struct storm_seen seen;
 *     storm_plan(&plan, 7, STORM_TASKS, FAN_SECOND);
 *     const char *complaint = storm_run(&plan, &seen);       NULL if all is as it has to be
 * / */
enum {
    STORM_TASKS = 400,
    STORM_SLEEP_NS = 50000, /* some of that, as the executor's own pauses: so they coincide */
    STORM_IGNORE_NS = 1000000,
};

/* A moment for who stands beside: whichever the schedule takes. */
#define STORM_ANY_MOMENT UINT64_MAX

enum storm_ending {
    STORM_NOTHING,       /* the source's end */
    STORM_CANCEL_WITHIN, /* who does operation number `moment` cancels */
    STORM_CANCEL_BESIDE, /* a thread that is told of it */
    STORM_CANCEL_PARENT, /* the same, one context further out */
    STORM_DEADLINE,
    STORM_PARENT_DEADLINE,
    STORM_ENDINGS,
};

enum storm_kind {
    STORM_QUICK,
    STORM_SLEEPS,
    STORM_WAITS,
    STORM_FAILS,
    STORM_PANICS,
    STORM_IGNORES, /* its context, for a while */
    STORM_KINDS,
};

struct storm_plan {
    uint64_t seed;
    struct fan_stream_options options;
    bool source_blocks, source_warns;
    bool async; /* tasks are started, and completed by the start itself or by a thread of theirs */
    size_t budget;                   /* of threads, besides the one that may cancel; 0 = no limit */
    bool scarce;                     /* memory may run out: set by who sees to that */
    uint64_t permits;                /* that tasks take of; 0 = they need none */
    int ceiling;                     /* of a limiter; 0 = there is none */
    uint64_t hedge_after_ns;         /* a second copy of a task is run then; 0 = never */
    bool takes_failures, to_the_end; /* the sink */
    uint64_t tasks;
    uint32_t shares[STORM_KINDS]; /* of all tasks, in 1,024ths */
    uint64_t source_fails_at, source_waits_at;
    uint64_t sink_leaves_at, sink_waits_at, sink_sleeps_every; /* 0 = never */
    bool ends_ignore; /* source and sink now and then sleep without the context */
    enum storm_ending ending;
    uint64_t moment;
    uint64_t deadline_ns; /* from the beginning; 0 = none */
};

struct storm_seen {
    int error;
    struct fan_report report;       /* its list is freed */
    uint64_t ended_ns;              /* when something ended the call early; 0 = nothing did */
    uint64_t returned_ns, empty_ns; /* when it returned, and all its threads had ended */
    uint64_t most_not_begun, most_held;
};

/* The plan of a seed, of at most so many tasks. Where all may wait for a moment that does not come,
 * a deadline after `last_resort_ns` ends it. */
void storm_plan(struct storm_plan *plan, uint64_t seed, uint64_t most_tasks,
                uint64_t last_resort_ns);

/* What a task does, and how many permits it takes: some none, and a few more than there are. */
enum storm_kind storm_kind(const struct storm_plan *plan, uint64_t index);
uint64_t storm_weight(const struct storm_plan *plan, uint64_t index);

/* What a plan is, in one line. Valid until the next call. */
const char *storm_tell(const struct storm_plan *plan);

/* Runs it; NULL, or what was wrong. Returns when no thread of its own lives. It uses the budget of
 * threads. Where memory runs out before the call is made, nothing happens, and nothing is wrong. */
const char *storm_run(const struct storm_plan *plan, struct storm_seen *seen);

#endif
