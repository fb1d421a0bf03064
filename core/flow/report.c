/* No locks: who fills a report has it to himself. */
#define _GNU_SOURCE
#include "flow/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/chunk.h"

/* ---- filling ---- */

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
    if (!report->errors) {
        report->unlisted = error;
        return NULL;
    }
    struct fan_task_error *entry = &report->errors[place];
    memmove(entry + 1, entry, (report->error_count++ - place) * sizeof *entry);
    *entry = (struct fan_task_error){.index = index, .error = error};
    return entry;
}

void fan_report_errors(struct fan_report *report, uint64_t first, const int *errors, size_t count)
{
    for (size_t i = 0; i < count && report->error_count < FAN_REPORT_ERRORS; i++)
        if (fan_chunk_has_failed(errors[i]))
            insert(report, first + i, errors[i]);
        else if (errors[i] == FAN_TOO_LATE)
            insert(report, first + i, ETIMEDOUT);
}

void fan_report_panic(struct fan_report *report, uint64_t index, const struct fan_panic *panic)
{
    struct fan_task_error *entry = insert(report, index, ENOTRECOVERABLE);
    if (!entry || entry->panic)
        return;
    entry->panic = malloc(sizeof *entry->panic);
    if (entry->panic)
        *entry->panic = *panic;
}

/* ---- reading ---- */

const struct fan_task_error *fan_report_find(const struct fan_report *report, int error,
                                             const struct fan_task_error *after)
{
    for (size_t i = after ? (size_t)(after - report->errors) + 1 : 0; i < report->error_count; i++)
        if (error == 0 || report->errors[i].error == error)
            return &report->errors[i];
    return NULL;
}

/* A text that grows, of which only as much is kept as there is room for. */
struct text {
    char *buffer;
    size_t size, length;
};

__attribute__((format(printf, 2, 3))) static void append(struct text *text, const char *format, ...)
{
    size_t used = text->length < text->size ? text->length : text->size;
    va_list arguments;
    va_start(arguments, format);
    int added =
        vsnprintf(text->size ? text->buffer + used : NULL, text->size - used, format, arguments);
    va_end(arguments);
    text->length += added > 0 ? (size_t)added : 0;
}

static void append_entry(struct text *text, const struct fan_task_error *entry)
{
    const char *description = strerrordesc_np(entry->error);
    append(text, "%stask %llu: ", text->length ? "\n" : "", (unsigned long long)entry->index);
    if (entry->panic)
        append(text, "panic: %s", entry->panic->message);
    else if (description)
        append(text, "%s", description);
    else
        append(text, "error %d", entry->error);
}

size_t fan_report_describe(const struct fan_report *report, char *buffer, size_t size)
{
    struct text text = {.buffer = buffer, .size = size};
    uint64_t all = report->failed + report->late;
    if (size)
        buffer[0] = 0;
    for (size_t i = 0; i < report->error_count; i++)
        append_entry(&text, &report->errors[i]);
    if (all > report->error_count)
        append(&text, "%sand %llu more", text.length ? "\n" : "",
               (unsigned long long)(all - report->error_count));
    return text.length;
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
