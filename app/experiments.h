#ifndef FAN_APP_EXPERIMENTS_H
#define FAN_APP_EXPERIMENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* An experiment as `fanlab experiment` knows it: what it is to show, and how its figures are told
 * and judged. They are measured in a child of its own (app/experiment/experiment.h), which sends
 * them as a JSON object. One file, one const table. */
struct fan_experiment_kind {
    const char *name;
    const char *summary; /* one line */
    bool only_real;      /* virtual time has nothing to show */
    /* Appends its goals to an array, with fan_experiment_goal. */
    void (*judge)(const json_t *figures, json_t *goals);
    void (*print)(const json_t *figures, FILE *out);
};

extern const struct fan_experiment_kind fan_experiment_kind_aimd, fan_experiment_kind_hedge,
    fan_experiment_kind_unbounded, fan_experiment_kind_ways;

/* All of them, ended by NULL. */
extern const struct fan_experiment_kind *const fan_experiment_kinds[];

/* Appends one goal: {"goal": "...", "found": "...", "met": true}. */
void fan_experiment_goal(json_t *goals, bool met, const char *goal, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A figure, by the names on the way to it: "static", "p99_ms". NaN if it is not there. The latter
 * of the two names may be NULL. */
double fan_experiment_figure(const json_t *figures, const char *part, const char *name);

/* Says what p50, p99 and p99.9 are, for who has not met them. */
void fan_experiment_explain_percentiles(FILE *out);

#endif
