#include "flow/report.h"

#include <errno.h>
#include <stdlib.h>

#include "flow/chunk.h"

static size_t place_of(const struct fan_report *report, uint64_t index)
{
    size_t place = report->error_count;
    while (place > 0 && report->errors[place - 1].index > index)
        place--;
    return place;
}

static struct fan_task_error *insert(struct fan_report *report, uint64_t index, int error)
{
    size_t place = place_of(report, index);
    if (place > 0 && report->errors[place - 1].index == index)
        return &report->errors[place - 1];
    if (report->error_count == FAN_REPORT_ERRORS)
        return NULL;
    if (!report->errors)
        report->errors = calloc(FAN_REPORT_ERRORS, sizeof *report->errors);
    if (!report->errors)
        return NULL;
    for (size_t i = report->error_count++; i > place; i--)
        report->errors[i] = report->errors[i - 1];
    report->errors[place] = (struct fan_task_error){.index = index, .error = error};
    return &report->errors[place];
}

void fan_report_errors(struct fan_report *report, uint64_t first, const int *errors, size_t count)
{
    for (size_t i = 0; i < count && report->error_count < FAN_REPORT_ERRORS; i++)
        if (errors[i] > 0 || errors[i] == FAN_TOO_LATE)
            insert(report, first + i, errors[i] > 0 ? errors[i] : ETIMEDOUT);
}

void fan_report_panic(struct fan_report *report, uint64_t index, const struct fan_panic *panic)
{
    struct fan_task_error *entry = insert(report, index, ENOTRECOVERABLE);
    struct fan_panic *kept = entry ? malloc(sizeof *kept) : NULL;
    if (!kept)
        return;
    *kept = *panic;
    entry->panic = kept;
}

void fan_report_free(struct fan_report *report)
{
    if (!report)
        return;
    for (size_t i = 0; i < report->error_count; i++)
        free(report->errors[i].panic);
    free(report->errors);
    *report = (struct fan_report){0};
}
