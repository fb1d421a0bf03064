#ifndef FAN_APP_CHECK_H
#define FAN_APP_CHECK_H

#include <stdbool.h>

#include "app/attempt.h"

/* A check: one variant, held to what it declares. A buggy variant must give each of its expected
 * findings and none beyond those and its `also` list; a fix must give none. A variant called "rare"
 * shows its defect only under few schedules, so in one run it need not. */
struct fan_check_found {
    enum fan_finding_kind kind;
    char summary[160];
    char where[208]; /* "collect bugs/04_never_closed.c:58" */
};

struct fan_check {
    const struct fan_scenario *scenario;
    const struct fan_variant *variant;
    uint64_t seed, elapsed_ns;
    bool passed;
    enum fan_attempt_end end;
    uint32_t found_count;
    struct fan_check_found found[FAN_FINDINGS];
    char problem[200]; /* why it failed; empty if it passed */
};

/* Judges a made attempt. */
void fan_check_judge(const struct fan_attempt *attempt, struct fan_check *check);

#endif
