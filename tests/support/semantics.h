#ifndef FAN_TESTS_SUPPORT_SEMANTICS_H
#define FAN_TESTS_SUPPORT_SEMANTICS_H

#include <stddef.h>
#include <stdint.h>

/* What may happen, by the rules of Go's channels, select and package sync, written down as a table,
 * against what does happen under the scheduler over many schedules, at both grains: neither less
 * nor more.
 *
 * A program ends with one number, its outcome; STUCK and PANIC are those it does not end with. */
enum { SEMANTICS_STUCK = 62, SEMANTICS_PANIC = 63 };

#define ONLY(a)      (UINT64_C(1) << (a))
#define EITHER(a, b) (ONLY(a) | ONLY(b))
#define STUCK        SEMANTICS_STUCK
#define PANIC        SEMANTICS_PANIC

struct semantics_row {
    const char *name;
    void (*program)(void);
    uint64_t expected; /* a bit for each outcome */
};

/* A program's outcome, which it sets. */
extern uint64_t outcome;

/* Runs the table as a test program. Returns its exit status. */
int semantics_run(const char *name, const struct semantics_row *table, size_t count);

#endif
