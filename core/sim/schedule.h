#ifndef FAN_SIM_SCHEDULE_H
#define FAN_SIM_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A schedule: what was chosen, as deviations from the default scheduler, which lets a thread go on
 * as long as it can, takes the lowest one otherwise, and for every other choice takes the first
 * possibility. Most failures need one or two deviations, and those stay few when the program gets
 * longer.
 *
 * A deviation says at which choice it happens by who stopped there (thread 2 at its 5th operation),
 * not by a count of all steps: what other threads do before does not shift it. */
struct fan_deviation {
    uint16_t op;    /* the thread's n-th operation, from 1 */
    uint8_t thread; /* who announced it, or who makes the choice */
    uint8_t nth;    /* 0: who goes next; n: the n-th other choice that the operation made */
    uint8_t chosen; /* the thread, or the possibility */
};

enum {
    FAN_SCHEDULE_THREADS = 64,
    FAN_SCHEDULE_DEVIATIONS =
        512, /* more are not kept: such a run can be found again by its seed only */
    FAN_SCHEDULE_TEXT = 18 * FAN_SCHEDULE_DEVIATIONS, /* any fits */
};

struct fan_schedule {
    uint32_t count;
    bool overflowed; /* there were more */
    struct fan_deviation deviations[FAN_SCHEDULE_DEVIATIONS];
};

/* Writes "2.5.0-1.3v1": when thread 2 has announced its 5th operation, thread 0 goes next; thread 1
 * takes possibility 1 in its 3rd. A later choice of the same operation is "1.3v2v1": the second
 * choice, possibility 1. Returns the length; "-" for no deviations. The text is cut if it does not
 * fit. */
size_t fan_schedule_print(const struct fan_schedule *schedule, char *text, size_t size);

/* Copies what is used of a schedule. */
void fan_schedule_copy(struct fan_schedule *to, const struct fan_schedule *from);

/* Reads such a text, all of it. EINVAL if it is none. */
int fan_schedule_parse(const char *text, struct fan_schedule *schedule);

#endif
