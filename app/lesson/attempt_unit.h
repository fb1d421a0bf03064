#ifndef FAN_APP_LESSON_ATTEMPT_UNIT_H
#define FAN_APP_LESSON_ATTEMPT_UNIT_H

#include <stdio.h>

#include "lab/scenario.h"

/*
 * An attempt at a repair: a C file that holds nothing but the function under study, as the part of
 * the bug's file that is marked "fixed" does, under the name that it has there. What it is judged
 * by stays ours: it is put into that part's place, and so the variant "fixed" of the same scenario
 * with the same contract runs it, in which nothing may be found. The part marked "buggy" is left
 * out, for attempts begin as a copy of it; that variant runs the attempt too.
 *
 *     static void work_fixed(void *argument)
 *     {
 *         struct pool *pool = argument;
 *         ...
 *     }
 *
 * It may define functions and types of its own beside it. It sees what stands above these parts in
 * the bug's file, and nothing below.
 */
struct fan_attempt_unit {
    const struct fan_scenario *bug;
    const char *path; /* of the attempt; what compilers and stacks say is at these lines */
    const char *text;
};

/* Writes one translation unit: the bug's file with the attempt in it. Errors: ENOENT (the bug's file
 * has no such part), EIO. */
int fan_attempt_unit_write(const struct fan_attempt_unit *unit, FILE *out);

#endif
