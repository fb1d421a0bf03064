#include "flow/fanout.h"

#include <errno.h>
#include <string.h>

/* An array as source and sink. */
struct array {
    const char *tasks;
    size_t task_size, count, next;
    char *results;
    size_t result_size;
    int *errors;
};

static int next(void *state, struct fan_ctx *ctx, void *task)
{
    struct array *array = state;
    (void)ctx;
    if (array->next == array->count)
        return ENODATA;
    if (array->task_size)
        memcpy(task, array->tasks + array->next * array->task_size, array->task_size);
    array->next++;
    return 0;
}

static int put(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    struct array *array = state;
    (void)ctx;
    if (array->errors)
        array->errors[result->index] = result->error;
    if (!result->error && array->result_size)
        memcpy(array->results + result->index * array->result_size, result->value,
               array->result_size);
    return 0;
}

/* The sink is not told of what was taken together with a task that runs on, but that is listed. */
static void note_listed(const struct fan_report *report, int *errors)
{
    for (size_t i = 0; i < report->error_count; i++)
        errors[report->errors[i].index] = report->errors[i].error;
}

int fan_out(struct fan_ctx *ctx, const void *tasks, size_t count, const struct fan_work *work,
            void *results, int *errors, const struct fan_stream_options *options,
            struct fan_report *report)
{
    struct fan_report own;
    if (report)
        *report = (struct fan_report){0};
    if (!work || (count > 0 && ((work->task_size && !tasks) || (work->result_size && !results))))
        return EINVAL;
    struct array array = {
        .tasks = tasks,
        .task_size = work->task_size,
        .count = count,
        .results = results,
        .result_size = work->result_size,
        .errors = errors,
    };
    for (size_t i = 0; errors && i < count; i++)
        errors[i] = ECANCELED;
    struct fan_sink sink = {
        .put = put, .state = &array, .takes_failures = true, .to_the_end = true};
    int error = fan_out_stream(ctx, &(struct fan_source){.next = next, .state = &array}, work,
                               &sink, options, report ? report : &own);
    if (errors)
        note_listed(report ? report : &own, errors);
    if (!report)
        fan_report_free(&own);
    return error;
}
