#ifndef FAN_APP_MYSTERY_H
#define FAN_APP_MYSTERY_H

#include <stdio.h>

#include "app/attempt.h"

/*
 * A case to diagnose: a run of some bug's program, told without the names that would give it away.
 * The program may be the broken half, its rare form, or a repaired one, in which nothing is wrong.
 * A seed gives the same cases everywhere, so that an instructor can hand it out.
 */
enum { FAN_MYSTERY_CASES = 5 };

struct fan_mystery {
    struct fan_attempt attempt; /* made under the controlled scheduler */
    bool wrong;                 /* something is: `attempt.scenario` tells what */
    char *story;                /* the end of what happened, without places and verdict; lines */
};

/* Which programs the cases of a seed are, without running them: no bug comes twice, and at least
 * one of them is right. */
void fan_mystery_choose(uint64_t seed, struct fan_mystery cases[FAN_MYSTERY_CASES]);

/* Runs a chosen case until a schedule shows what is wrong, if something is. Blocks for that. False
 * with the reason in attempt.message, if it cannot be run or none of the schedules shows it; the
 * caller releases it in any case. */
bool fan_mystery_run(struct fan_mystery *mystery, const struct fan_interrupt *interrupt);

void fan_mystery_release(struct fan_mystery *mystery);

/* Prints a case that has been run, and what it was. */
void fan_mystery_print(FILE *out, const struct fan_mystery *mystery, int number);
void fan_mystery_print_answer(FILE *out, const struct fan_mystery *mystery);

/* The number of the right answer: the bug's, or 0 if nothing is wrong. */
int fan_mystery_answer(const struct fan_mystery *mystery);

#endif
