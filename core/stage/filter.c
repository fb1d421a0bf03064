#include "stage/filter.h"

#include <errno.h>
#include <string.h>

#include "stage/inputs.h"
#include "stage/parallel.h"

struct filter {
    struct fan_parallel parallel;
    struct fan_filter_options options;
};

static int judge(void *argument, struct fan_ctx *ctx, const void *element, void *result)
{
    struct filter *filter = argument;
    size_t size = filter->parallel.result_size;
    bool *keeps = (bool *)result + size;
    *keeps = false;
    memcpy(result, element, size);
    return filter->options.judge(filter->options.argument, ctx, element, keeps);
}

static int run(void *state, struct fan_ctx *ctx)
{
    struct filter *filter = state;
    const char *name = filter->options.name ? filter->options.name : "filter";
    return fan_parallel_run(&filter->parallel, name, judge, filter, ctx);
}

static void end(void *state)
{
    struct filter *filter = state;
    fan_chan_close(filter->parallel.output);
}

static bool is_valid(struct fan_chan *input, const struct fan_chan *output,
                     const struct fan_filter_options *options)
{
    return options && options->judge && options->workers >= 0 && options->batch >= 0 &&
           options->window >= 0 && fan_inputs_fit(&input, 1, output);
}

int fan_filter_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *output,
                  const struct fan_filter_options *options)
{
    if (!is_valid(input, output, options))
        return fan_stage_fail(group, EINVAL);
    struct filter filter = {
        .parallel =
            {
                .input = input,
                .output = output,
                .result_size = fan_chan_element_size(output),
                .judges = true,
                .workers = options->workers,
                .batch = options->batch,
                .ordered = options->ordered,
                .window = options->window,
                .skips_failures = options->skips_failures,
                .skipped = options->skipped,
            },
        .options = *options,
    };
    return fan_stage_go(group, run, end, &filter, sizeof filter);
}
