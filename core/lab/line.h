#ifndef FAN_LAB_LINE_H
#define FAN_LAB_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/schedule.h"

/* The replay line: a schedule as one word that can be pasted into a shell, mailed and filed.
 *
 *     fan1:02b.w4n20s1:7c1e:2.5.0-1.3v1:9a3f5d
 *          |   |       |    |           |   `- mark: of all before it; finds slips of the pen
 *          |   |       |    |           `- check: of the run that it must give; 0000 if that never
 *          |   |       |    |              ends because the program dies
 *          |   |       |    `- the deviations from the default schedule (sim/schedule.h)
 *          |   |       `- build: of the operations of the default schedule, and of the rules
 *          |   `- workers, items, seed; and an f for the fine grain (run/sim_backend.h)
 *          `- the scenario's id and the first letter of the variant's name
 *
 * The build tells a program apart that has other operations; comments, compilers and optimisation
 * do not change it. */
enum {
    FAN_LINE_TEXT = FAN_SCHEDULE_TEXT + 160,
};

struct fan_line {
    char scenario[64]; /* its id */
    char variant;      /* the first letter of its name */
    uint64_t workers, items, seed;
    bool fine; /* at the fine grain */
    uint16_t build, check;
    struct fan_schedule schedule;
};

/* Writes the line, ended by a 0 byte; only characters of [A-Za-z0-9:._-] occur. */
void fan_line_print(const struct fan_line *line, char text[FAN_LINE_TEXT]);

/* Reads one. EINVAL, with what is wrong in `why`, if it is cut, edited so that it makes no sense,
 * or of another version. */
int fan_line_parse(const char *text, struct fan_line *line, char why[96]);

/* Folds a hash to the 16 bits of a line. */
uint16_t fan_line_fold(uint64_t hash);

#endif
