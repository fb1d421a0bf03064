#ifndef FAN_APP_CHECK_H
#define FAN_APP_CHECK_H

#include <stdbool.h>

#include "app/attempt.h"
#include "app/explore.h"

/* A check: one variant, held to what it declares. A buggy variant must give each of its expected
 * findings and none beyond those and its `also` list; a fix must give none. A variant called "rare"
 * shows its defect only under few schedules, so in one run with real threads it need not; the
 * controlled scheduler runs many, and must find it. What only that looks for at all (a race) is not
 * asked of real threads either, nor is anything after the race at which ThreadSanitizer ended the
 * run; the check's note says so. */
struct fan_check_found {
    enum fan_finding_kind kind;
    char summary[160];
    char where[208];  /* "collect bugs/04_never_closed.c:58" */
    char replay[160]; /* the line that replays it; empty if there is none so short */
};

struct fan_check {
    const struct fan_scenario *scenario;
    const struct fan_variant *variant;
    uint64_t seed, elapsed_ns;
    bool sim;                    /* under the controlled scheduler, and then */
    uint64_t schedules, failing; /* so many were run and failed */
    bool passed;
    bool unseen; /* it failed only because what is declared was not found */
    enum fan_attempt_end end;
    uint32_t found_count;
    struct fan_check_found found[FAN_FINDINGS];
    char problem[200]; /* why it failed; empty if it passed */
    char note[120];    /* what else is to be known; may be empty */
};

/* How many schedules are enough: for what must be found, and for what must be silent or is rare. */
enum { FAN_CHECK_SCHEDULES = 1000, FAN_CHECK_MANY_SCHEDULES = 10000 };

uint64_t fan_check_schedules(const struct fan_variant *variant);

/* Judges an exploration, showing its failures once more for where they are. Blocks for that. */
void fan_check_judge_explored(const struct fan_explore *explore,
                              const struct fan_interrupt *interrupt, struct fan_check *check);

/* A real check that only did not see what sim saw in some schedules and not in all is excused: real
 * timing may hide it. Says so in its note. */
void fan_check_excuse(struct fan_check *real, const struct fan_check *sim);

/* Judges a made attempt. */
void fan_check_judge(const struct fan_attempt *attempt, struct fan_check *check);

#endif
