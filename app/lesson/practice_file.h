#ifndef FAN_APP_LESSON_PRACTICE_FILE_H
#define FAN_APP_LESSON_PRACTICE_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "lab/scenario.h"

/*
 * A practice file: a C file in which a learner repairs the function under study of one bug. It is
 * told from other C files by a marker, `fanlab-practice/1` and the bug's id, in its first lines:
 *
 *     / * fanlab-practice/1 04
 *      *
 *      * Symptom   all results have come, and still it does not end
 *      ...
 *
 * The number is that of the form: what a file may count on in the bug's file that it is compiled
 * into (app/lesson/attempt_unit.h). Whatever else it says above the function is for the reader.
 */
enum { FAN_PRACTICE_NAME = 32, FAN_PRACTICE_WHY = 120 };

/* "practice_04.c", "solution_04.c" */
void fan_practice_file_name(const struct fan_scenario *bug, bool solution,
                            char name[FAN_PRACTICE_NAME]);

/* Writes the file that a learner begins with, or the one in which the repair is ours: goal, code,
 * and in comments what stands around it. */
void fan_practice_file_write(const struct fan_scenario *bug, bool solution, FILE *out);

/* Tells what a text is. It returns whether it is a practice file; then `bug` is what it is about,
 * or NULL with what is wrong in `why`. */
bool fan_practice_file_is_one(const char *text, const struct fan_scenario **bug,
                              char why[FAN_PRACTICE_WHY]);

#endif
