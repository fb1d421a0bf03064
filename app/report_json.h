#ifndef FAN_APP_REPORT_JSON_H
#define FAN_APP_REPORT_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "app/attempt.h"
#include "app/subject.h"

/* The JSON that the commands print: one object, whose first members are the same everywhere.
 * `schema` names the form ("fanlab.run/1") and changes when a member changes its meaning; `outcome`
 * is "clean", "findings" or "error"; an error has a `message` and a `reason`: "usage",
 * "environment", "slow", "broken", "interrupted". Times are in milliseconds; those called since_ms
 * count from the program's start. */
const char *fan_report_outcome(bool failed, bool found);
json_t *fan_report_envelope(const char *schema, const char *outcome);

/* A JSON string. Text from a child is whatever it wrote: what is no UTF-8 becomes "(not UTF-8)",
 * where jansson would have no value at all. */
json_t *fan_report_string(const char *bytes);

/* Prints the object and a newline, and releases it. */
void fan_report_print(FILE *out, json_t *object);

/* An envelope for a command that could not begin. `seed` as it was asked for. */
json_t *fan_report_refusal(const char *schema, const char *reason, const char *message,
                           uint64_t seed);

/* A whole run: the attempts at the variants of one scenario, or of those of one file. */
json_t *fan_report_run(const struct fan_attempt *attempts, size_t count);

/* Parts of it that other reports have too: one finding of an attempt, and what was run. */
json_t *fan_report_finding(const struct fan_attempt *attempt, const struct fan_finding *finding);
json_t *fan_report_scenario(const struct fan_scenario *scenario);

/* "fanlab run 04 --variant buggy --seed 7 --workers 4 --items 20" */
void fan_report_again(const struct fan_attempt *attempt, char text[FAN_SUBJECT_COMMAND]);

/* "slow", "broken", ..., for how an attempt failed. */
const char *fan_report_reason(enum fan_attempt_end end);

#endif
