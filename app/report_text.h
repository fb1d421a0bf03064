#ifndef FAN_APP_REPORT_TEXT_H
#define FAN_APP_REPORT_TEXT_H

#include <stdio.h>

#include "app/attempt.h"

/* Prints what came of a scenario's attempts for a person to read, at most 80 columns wide. Frames
 * inside the library are left out and counted. */
void fan_report_text(FILE *out, const struct fan_attempt *attempts, size_t count);

/* Its parts: the line above all, and what tells of one attempt. */
void fan_report_text_head(FILE *out, const struct fan_attempt *attempt);
void fan_report_text_attempt(FILE *out, const struct fan_attempt *attempt);

#endif
