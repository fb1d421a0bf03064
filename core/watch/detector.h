#ifndef FAN_WATCH_DETECTOR_H
#define FAN_WATCH_DETECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/evidence.h"
#include "watch/finding.h"

/* A detector holds the evidence of one run against its contract and tells of every breach. It is a
 * function of these two and nothing else: it knows no scenario, and is given to all of them, the
 * correct ones included. A detector is a file of its own with one function, and a line in
 * detector.c.
 *
 * It has nothing to say where the contract is silent, where evidence that it needs was lost
 * (fan_evidence_is_whole), or where the run was cut short before the contract could be kept. It is
 * called when the run is over: all threads have ended, or none can run any more. The same functions
 * judge a run of real threads, in the process that watches it, and each of a million schedules, in
 * the explorer's: so they are quick to see that nothing is wrong. */

/* What a detector has found. What it says is fact; `figures` are its evidence. */
struct fan_breach {
    enum fan_finding_kind kind;
    char summary[160];
    uint64_t at_ns; /* in the program's time */
    uint32_t thread_count;
    uint16_t threads[FAN_FINDING_THREADS]; /* ids; those concerned, the first ones of many */
    uint64_t pc, earlier_pc;               /* where, and the other place; 0 = none */
    char earlier_what[32];                 /* "first failure"; empty if there is no other place */
    uint32_t figure_count;
    struct fan_figure figures[FAN_FINDING_FIGURES];
};

enum { FAN_BREACHES = 8 };

struct fan_breaches {
    uint32_t count;
    struct fan_breach breaches[FAN_BREACHES];
};

/* Runs all detectors. Needs some memory for a while: a detector that gets none says nothing. */
void fan_detect(const struct fan_evidence *evidence, struct fan_breaches *found);

/* Runs those which can judge a run that a panic has ended: what it did until then. */
void fan_detect_cut_short(const struct fan_evidence *evidence, struct fan_breaches *found);

/* Adds what was found in a run to what its judge has found, with the threads as the latest snapshot
 * has them. To be called once, when the verdict is final. */
void fan_judge_breaches(struct fan_judge *judge, const struct fan_breaches *found,
                        const struct fan_snapshot *now, struct fan_verdict *verdict);

/* A breach as a finding; `now` as above. */
void fan_breach_describe(const struct fan_breach *breach, const struct fan_snapshot *now,
                         struct fan_finding *finding);

/* ---- for detectors ---- */

/* Whether no fact, thread or queue was lost. */
bool fan_evidence_is_whole(const struct fan_evidence *evidence);

/* How many facts there are. */
uint32_t fan_evidence_count(const struct fan_evidence *evidence);

/* Whether there is an fact of a kind, and the first of them. */
const struct fan_fact *fan_evidence_first(const struct fan_evidence *evidence,
                                          enum fan_fact_kind kind);

/* Whether two threads were spawned from one place with one function, and have said of no other crew
 * that it is theirs: they are a crew. */
bool fan_evidence_same_crew(const struct fan_evidence *evidence, uint32_t a, uint32_t b);

/* "worker 2": the name, numbered where several threads have it, as everywhere. */
void fan_evidence_label(const struct fan_evidence *evidence, uint32_t thread,
                        char label[FAN_PROBE_NAME + 8]);

/* Begins a breach: NULL if there are too many already. */
struct fan_breach *fan_breach_add(struct fan_breaches *found, enum fan_finding_kind kind);

void fan_breach_say(struct fan_breach *breach, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void fan_breach_accuse(struct fan_breach *breach, uint32_t thread);
void fan_breach_tell_earlier(struct fan_breach *breach, const char *what, uint64_t pc);
void fan_breach_figure(struct fan_breach *breach, const char *name, uint64_t value);

/* The detectors. */
void fan_detect_wrong_result(const struct fan_evidence *evidence, struct fan_breaches *found);
void fan_detect_lost_order(const struct fan_evidence *evidence, struct fan_breaches *found);
void fan_detect_lost_error(const struct fan_evidence *evidence, struct fan_breaches *found);
void fan_detect_idle_workers(const struct fan_evidence *evidence, struct fan_breaches *found);
void fan_detect_head_of_line(const struct fan_evidence *evidence, struct fan_breaches *found);
void fan_detect_unbounded(const struct fan_evidence *evidence, struct fan_breaches *found);
void fan_detect_cancel_ignored(const struct fan_evidence *evidence, struct fan_breaches *found);
void fan_detect_false_sharing(const struct fan_evidence *evidence, struct fan_breaches *found);

#endif
