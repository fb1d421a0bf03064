#ifndef FAN_APP_PRACTICE_H
#define FAN_APP_PRACTICE_H

#include <stdio.h>

#include "app/explore.h"
#include "app/subject.h"

/*
 * An attempt at a repair, judged: by every schedule of a small size, by a random sample of those of
 * the bug's own size, and by some runs with real threads. It holds when in none of them anything is
 * found. The first trial that finds something ends it, and what it broke is told as a requirement
 * (app/lesson/requirement.h), with the run that shows it.
 */
enum {
    FAN_PRACTICE_SMALL = 2,          /* workers, and items */
    FAN_PRACTICE_SCHEDULES = 200000, /* of the small size; no repair of ours has as many */
    FAN_PRACTICE_TRIALS = 4,
};

enum fan_practice_end {
    FAN_PRACTICE_HOLDS,
    FAN_PRACTICE_FAILS,
    FAN_PRACTICE_UNDECIDED, /* a run came to no verdict: `message`. It does not count as a repair */
    FAN_PRACTICE_LACKING,   /* there was no child: `message` */
    FAN_PRACTICE_STOPPED,   /* by `signal` */
};

struct fan_practice_trial {
    const char *what; /* "random schedules" */
    uint64_t workers, items;
    uint64_t runs, failing;
    bool complete; /* there are no others */
    bool sim;
};

struct fan_practice_break {
    enum fan_finding_kind kind;
    char summary[160];
};

struct fan_practice {
    const struct fan_subject *subject; /* compiled for both runtimes */
    uint64_t seed;
    enum fan_practice_end end;
    int signal;
    char message[400];
    size_t trial_count; /* the last one is that which ended it */
    struct fan_practice_trial trials[FAN_PRACTICE_TRIALS];
    size_t break_count; /* what was found in that */
    struct fan_practice_break breaks[FAN_EXPLORE_FAILURES];
    bool shown;               /* there is a run that shows the first of them: */
    struct fan_attempt story; /* of the controlled scheduler, or (a finding of real threads) not */
};

/* Judges, blocking for as long as that takes: some seconds. Fills in all but the first two members;
 * to be released. */
void fan_practice_judge(struct fan_practice *practice, const struct fan_interrupt *interrupt);

/* Says how it ended, for a person to read. */
void fan_practice_print(FILE *out, const struct fan_practice *practice);

void fan_practice_release(struct fan_practice *practice);

#endif
