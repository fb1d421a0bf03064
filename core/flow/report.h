#ifndef FAN_FLOW_REPORT_H
#define FAN_FLOW_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/panic.h"

/* What became of the tasks of one call. Every one that was taken is counted once:
 *
 *     submitted = done + failed + cancelled + dropped
 *
 *     for (const struct fan_task_error *e = NULL; (e = fan_report_find(&report, 0, e));)
 *         retry(e->index);
 *     if (fan_report_find(&report, ECONNREFUSED, NULL))
 *         look_for_another_server();
 *
 * The failures are listed by index, up to a number; more are only counted. Tasks for which too
 * little time was left are listed among them, with ETIMEDOUT. Go: errors.Join. */
enum { FAN_REPORT_ERRORS = 1024 };

struct fan_task_error {
    uint64_t index;
    int error;
    struct fan_panic *panic; /* NULL unless the task panicked */
};

struct fan_report {
    uint64_t submitted;
    uint64_t done;       /* ran well, and the result was handed over */
    uint64_t failed;     /* ran and returned an error, or panicked; or wanted too many permits */
    uint64_t cancelled;  /* not begun: the call ended early, or too little time was left */
    uint64_t late;       /* of these: too little time was left */
    uint64_t dropped;    /* ran well, but the result was not wanted any more; or runs on (EBUSY) */
    uint64_t stolen;     /* run by another thread than the one that took it from the source */
    uint64_t threads;    /* started for the call */
    uint64_t hedges;     /* second copies of tasks; these are counted nowhere else, */
    uint64_t hedges_won; /* and so many gave their task's result */
    size_t error_count;
    struct fan_task_error *errors; /* by index */
    int unlisted;                  /* a failure for which there was no list, for want of memory */
};

/* The first that is listed after `after`, or at all if that is NULL, with this error, or with any
 * if that is 0; NULL if there is none. The entry belongs to the report. (Go: errors.Is asks the
 * same.) */
const struct fan_task_error *fan_report_find(const struct fan_report *report, int error,
                                             const struct fan_task_error *after);

/* Writes a line for each that is listed, by index, and one that says how many are not:
 *
 *     task 12: Numerical result out of range
 *     task 300: panic: division by zero
 *     and 5 more
 *
 * without a line's end after the last one; nothing if no task failed. At most `size` bytes are
 * written, a final zero among them unless size is 0. Returns how long the text is, as snprintf
 * does. */
size_t fan_report_describe(const struct fan_report *report, char *buffer, size_t size);

/* For who fills a report: lists the failures among the errors of `count` tasks, as a chunk notes
 * them (flow/chunk.h), of which the first has the index `first`; and a panic, whose error is listed
 * by the former. What finds no memory is not listed. */
void fan_report_errors(struct fan_report *report, uint64_t first, const int *errors, size_t count);
void fan_report_panic(struct fan_report *report, uint64_t index, const struct fan_panic *panic);

/* Gives back what the report holds, and makes it empty. NULL is accepted. */
void fan_report_free(struct fan_report *report);

#endif
