/* No locks: one thread. */
#include "stage/first_good.h"

#include <errno.h>

#include "stage/inputs.h"

_Static_assert(FAN_FIRST_GOOD_MOST == (int)FAN_INPUTS_MOST,
               "as many as one select has, and one more");

struct first_good {
    struct fan_chan *output;
    int (*error_of)(const void *element);
    struct fan_first_good_options options;
    struct fan_report report; /* given to the caller at the end */
    int first_error;
    struct fan_inputs inputs;
    _Alignas(max_align_t) char element[];
};

static void note_error(struct first_good *first, size_t input, int error)
{
    if (!first->first_error)
        first->first_error = error;
    fan_report_errors(&first->report, input, &error, 1);
}

static int hand_on(struct first_good *first, struct fan_ctx *ctx)
{
    int error = fan_chan_send(first->output, first->element, ctx);
    if (error) {
        first->report.dropped++;
        return error;
    }
    first->report.done++;
    if (first->options.upstream)
        fan_ctx_cancel(first->options.upstream, 0);
    return 0;
}

static int look_at(struct first_good *first, size_t input, struct fan_ctx *ctx)
{
    first->report.submitted++;
    if (first->report.done) {
        first->report.dropped++;
        return 0;
    }
    int error = first->error_of(first->element);
    if (!error)
        return hand_on(first, ctx);
    note_error(first, input, error);
    return 0;
}

static int take_one(struct first_good *first, struct fan_ctx *ctx)
{
    struct fan_select_case *cases = first->inputs.cases;
    size_t chosen;
    int error = fan_select(cases, first->inputs.count + 1, ctx, &chosen);
    if (error)
        return error;
    if (cases[chosen].result == 0)
        return look_at(first, chosen - 1, ctx);
    fan_inputs_shut(&first->inputs, chosen);
    return 0;
}

static int run(void *state, struct fan_ctx *ctx)
{
    struct first_good *first = state;
    int error = 0;
    fan_inputs_receive(&first->inputs, first->element);
    while (first->inputs.open && !error)
        error = take_one(first, ctx);
    if (error || first->report.done)
        return error;
    return first->first_error ? first->first_error : ENODATA;
}

/* One whose error_of has panicked has failed as well. */
static void end(void *state)
{
    struct first_good *first = state;
    struct fan_report *report = &first->report;
    report->failed = report->submitted - report->done - report->dropped;
    if (first->options.report)
        *first->options.report = first->report;
    else
        fan_report_free(&first->report);
    fan_chan_close(first->output);
}

int fan_first_good_go(struct fan_group *group, struct fan_chan *const *inputs, size_t count,
                      struct fan_chan *output, int (*error_of)(const void *element),
                      const struct fan_first_good_options *options)
{
    struct first_good first = {.output = output, .error_of = error_of};
    if (count > FAN_FIRST_GOOD_MOST || !error_of || !fan_inputs_fit(inputs, count, output))
        return fan_stage_fail(group, EINVAL);
    if (options)
        first.options = *options;
    fan_inputs_init(&first.inputs, inputs, count);
    return fan_stage_go_with(group, run, end, &first, sizeof first, fan_chan_element_size(output));
}
