#ifndef FAN_TESTS_SUPPORT_HALF_H
#define FAN_TESTS_SUPPORT_HALF_H

#include "app/screen/half.h"
#include "lab/scenario.h"

/*
 * Made-up runs for tests of the screens: a stuck half and a half that ended well of a scenario with
 * its own little source, without any child.
 *
 * An address n stands for line n of "bugs/99_made_up.c"; the addresses of half_library_pc are
 * inside the library. The function is "main" below line 10, else "collect".
 */
struct half_run {
    struct fan_half half; /* points to the two below */
    struct fan_snapshot snapshot;
    struct fan_verdict verdict;
};

enum { HALF_LIBRARY_PC = 1000 };

/* A scenario of `workers` workers, with variants buggy and fixed; its source has 40 lines, of which
 * line n reads "line n();". */
extern const struct fan_scenario half_scenario;

/* A run that has begun: main, `workers` workers named "worker", a closer, channels in (0/8) and out
 * (0/4), a wait group; all threads run. The caller frees it with free(). */
struct half_run *half_new(const char *variant, int workers);

/* Makes it a proven deadlock: main blocked in recv on out for 310 ms at line 12, all else done. */
void half_make_stuck(struct half_run *run);

/* Makes it end well with 20 results. */
void half_make_clean(struct half_run *run);

/* Makes the closer panic at line 21 on closing out, first closed at line 20. */
void half_make_panic(struct half_run *run);

/* Blocks a thread on an object, both by position, at a line. */
void half_block(struct half_run *run, int thread, enum fan_probe_op op, int object, int line);

#endif
