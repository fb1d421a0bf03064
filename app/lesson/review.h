#ifndef FAN_APP_LESSON_REVIEW_H
#define FAN_APP_LESSON_REVIEW_H

#include <stdio.h>

#include "app/lesson/lesson.h"

/*
 * What every lesson is held to, beyond being readable at all:
 *   - a bug's lesson has the stages symptom, predict, watch, step, why, repair, proof, your-code
 *     and quiz, and shows its code in Go and with plain pthreads too;
 *   - what is seen before the prediction holds neither the bug's title, name or file, nor a word
 *     that only its fixed part has;
 *   - each question has one right answer of two to nine, and a reply to each;
 *   - the prediction has three hints, each a question;
 *   - printed in no language is it longer than six screens of 80x24 (hints and answers not
 *     counted), or a line wider than 80 columns.
 */
enum { FAN_REVIEW_LINES = 6 * 24, FAN_REVIEW_COLUMNS = 80 };

/* Writes a line for each thing amiss in a lesson and returns how many there are. The length is told
 * rightly only of a lesson that is filled. */
int fan_review_lesson(const struct fan_lesson *lesson, FILE *out);

/* Opens every lesson and reviews it, and tells of each file in lessons/ that is no chapter's.
 * Writes a line for each thing amiss; returns how many there are. Commands are not run. */
int fan_review_all(FILE *out);

/* How many lines are printed of it in the longest language. */
size_t fan_review_length(const struct fan_lesson *lesson);

#endif
