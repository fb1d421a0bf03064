#ifndef FAN_WATCH_FINDING_H
#define FAN_WATCH_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "watch/snapshot.h"

/* A finding: something that is wrong, as facts. What, where, since when, and the proof that it will
 * not mend itself. It names no cause and no remedy; that is a lesson's affair. */
enum fan_finding_kind {
    FAN_FINDING_DEADLOCK, /* no thread can run any more, and the program has not finished */
    FAN_FINDING_LEAK,     /* a thread is blocked for ever, and others have finished or go on */
    FAN_FINDING_PANIC,
    FAN_FINDING_MISUSE,
    FAN_FINDING_RACE,       /* two accesses to the same memory that nothing orders */
    FAN_FINDING_LOCK_ORDER, /* locks taken in orders that can make their takers wait in a circle */
    FAN_FINDING_LIVELOCK,   /* threads go on for ever and get nowhere */
    /* Against the contract (base/contract.h). */
    FAN_FINDING_WRONG_RESULT,   /* an output is missing, or there twice, or was never expected */
    FAN_FINDING_LOST_ORDER,     /* all outputs are there, not all in their places */
    FAN_FINDING_LOST_ERROR,     /* the error that is returned is not the one that counts */
    FAN_FINDING_IDLE_WORKERS,   /* threads made to share the work never came for any */
    FAN_FINDING_HEAD_OF_LINE,   /* work waited behind work, while others had nothing to do */
    FAN_FINDING_CANCEL_IGNORED, /* work went on after its context was done */
    FAN_FINDING_UNBOUNDED,      /* threads or memory grow with the items */
    FAN_FINDING_FALSE_SHARING,  /* threads write to different bytes of one cache line */
    FAN_FINDING_KINDS,
};

enum fan_proof {
    FAN_PROOF_OBSERVED,   /* it happened: a panic */
    FAN_PROOF_QUIESCENCE, /* nothing can run: see fan_judge_look */
    FAN_PROOF_CYCLE,      /* owners and joins that wait for each other */
    FAN_PROOF_CONTRACT,   /* it happened, and the contract says that it must not */
};

enum {
    FAN_FINDINGS = 16,
    FAN_FINDING_THREADS = 16,
    FAN_FINDING_FIGURES = 8,
};

/* A thread's part in a finding. */
struct fan_culprit {
    struct fan_thread_view thread;
    char waits_for[96];   /* "recv on channel out" */
    char could_wake[160]; /* "a send on out, or its close" */
    char never[240];      /* why that cannot come: "its senders worker 1 to worker 4 have ended" */
};

/* A number that is evidence. Its name says what it counts, and the unit at its end: "waited_ns". */
struct fan_figure {
    char name[32];
    uint64_t value;
};

struct fan_finding {
    enum fan_finding_kind kind;
    enum fan_proof proof;
    char summary[160]; /* "main waits on out" */
    uint64_t since_ns; /* when the last thread concerned blocked, or the panic came */
    uint32_t culprit_count;
    struct fan_culprit culprits[FAN_FINDING_THREADS];
    /* Panic and misuse: two places at odds. */
    struct fan_stack stack, earlier;
    char earlier_what[32]; /* "first closed"; empty if there is no earlier place */
    uint32_t figure_count;
    struct fan_figure figures[FAN_FINDING_FIGURES];
};

/* Where a run stands, by what has been seen so far. */
enum fan_outcome {
    FAN_OUTCOME_RUNNING,
    FAN_OUTCOME_CLEAN, /* it has ended and nothing was found */
    FAN_OUTCOME_FINDINGS,
};

struct fan_verdict {
    enum fan_outcome outcome;
    bool final;                /* nothing further can happen */
    uint64_t reached_ns;       /* when the outcome was reached */
    uint64_t last_progress_ns; /* when a thread was last seen to change state */
    uint32_t finding_count;
    struct fan_finding findings[FAN_FINDINGS];
};

/* A judge: compares each look at a program with the one before it. */
struct fan_judge;

/* `unregistered` tells whether the process has a thread that is not among those of the snapshot (as
 * a rule fan_tasks_unregistered below); while it does, nothing is proved. NULL = there is none. */
struct fan_judge *fan_judge_new(bool (*unregistered)(const struct fan_snapshot *snapshot));
void fan_judge_free(struct fan_judge *judge);

/* Takes the next look into account and says where the run stands. Does not block. To be called
 * after each look and before the next one is taken: `unregistered` is asked in between. Only the
 * findings that are counted are written. A verdict that is final stays.
 *
 * Quiescence is proved by two looks in a row in which every thread that has not ended is blocked,
 * with equal epochs: at the moment between the two looks all of them were blocked at once, and a
 * thread is never shown as blocked once it has been woken (base/probe.h). Besides, no blocked
 * thread may have a deadline, no thread may be outside the library's sight, and what each one waits
 * for must not be there (an element, a close, a free lock, a count of zero). Time plays no part: a
 * slow program is never stuck. (The double collect is that of Afek et al., "Atomic snapshots of
 * shared memory", JACM 1993.) */
void fan_judge_look(struct fan_judge *judge, const struct fan_snapshot *now,
                    struct fan_verdict *verdict);

/* Looks at /proc/PID/task for a thread that the snapshot does not know. */
bool fan_tasks_unregistered(const struct fan_snapshot *snapshot);

/* "deadlock", "leak", ...; "quiescence", ... */
const char *fan_finding_name(enum fan_finding_kind kind);
const char *fan_proof_name(enum fan_proof proof);
bool fan_finding_parse(const char *name, enum fan_finding_kind *kind);

#endif
