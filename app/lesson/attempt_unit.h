#ifndef FAN_APP_LESSON_ATTEMPT_UNIT_H
#define FAN_APP_LESSON_ATTEMPT_UNIT_H

#include <stdbool.h>
#include <stdio.h>

#include "lab/scenario.h"

/*
 * An attempt at a repair: a C file that holds nothing but the function under study, as the part of
 * the bug's file that is marked "fixed" does, under the name that it has there. What it is judged
 * by stays ours: the variant "fixed" of the same scenario with the same contract runs it, and in
 * that nothing may be found. The part marked "buggy" is left out, for attempts begin as a copy of
 * it; that variant runs the attempt too.
 *
 *     static void work_fixed(void *argument)
 *     {
 *         struct pool *pool = argument;
 *         ...
 *     }
 *
 * It may define functions and types of its own beside it. It comes last, below all of the bug's
 * file: what it defines as a macro, or undefines, changes nothing in what judges it.
 */
struct fan_attempt_unit {
    const struct fan_scenario *bug;
    const char *path; /* of the attempt; what compilers and stacks say is at these lines */
    const char *text;
    bool
        listed; /* as the one scenario of a C file (FAN_SCENARIO), with FAN_ATTEMPT_VARIANT alone */
};

#define FAN_ATTEMPT_VARIANT "attempt"

/* Writes one translation unit: the bug's file with the attempt in it. Errors: ENOENT (the bug's
 * file has no such part), EIO. */
int fan_attempt_unit_write(const struct fan_attempt_unit *unit, FILE *out);

/* Calls `take` with each function that an attempt has to define: the one of the part "buggy", under
 * the name that it has as a repair. `name` is not ended by a 0 byte. */
void fan_attempt_unit_functions(const struct fan_scenario *bug,
                                void (*take)(void *context, const char *stem, int length),
                                void *context);

#endif
