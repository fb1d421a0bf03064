#ifndef FAN_TESTS_SUPPORT_JUDGED_H
#define FAN_TESTS_SUPPORT_JUDGED_H

#include "tests/support/handmade.h"
#include "watch/finding.h"

/* A segment written by hand and the judge that looks at it: one at a time, begun and ended by each
 * test. */
struct judged {
    struct handmade made;
    struct fan_snapshot snapshot;
    struct fan_verdict verdict;
    struct fan_judge *judge;
    bool stranger_is_there; /* a thread of the system that the library does not know */
};

extern struct judged judged;

void judged_begin(void);
void judged_end(void);

/* See tests/support/handmade.h. */
struct fan_probe_thread *judged_thread(unsigned id, const char *name);
struct fan_probe_object *judged_object(unsigned id, enum fan_probe_kind kind, const char *name);

void judged_look(void);

/* Looks often enough, and holds what must come of it: nothing; just this; or just a deadlock, whose
 * first thread it returns. */
void judged_nothing(void);
const struct fan_finding *judged_found(enum fan_finding_kind kind, enum fan_proof proof);
const struct fan_culprit *judged_deadlock(void);

#endif
