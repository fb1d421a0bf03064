#include "stage/map.h"

#include <errno.h>

#include "stage/parallel.h"

struct map {
    struct fan_parallel parallel;
    struct fan_map_options options;
};

static int run(void *state, struct fan_ctx *ctx)
{
    struct map *map = state;
    const char *name = map->options.name ? map->options.name : "map";
    return fan_parallel_run(&map->parallel, name, map->options.run, map->options.argument, ctx);
}

static void end(void *state)
{
    struct map *map = state;
    fan_chan_close(map->parallel.output);
}

static bool is_valid(const struct fan_map_options *options)
{
    return options && options->run && options->workers >= 0 && options->batch >= 0 &&
           options->window >= 0;
}

int fan_map_go(struct fan_group *group, struct fan_chan *input, struct fan_chan *output,
               const struct fan_map_options *options)
{
    if (!input || !output || !is_valid(options))
        return fan_stage_fail(group, EINVAL);
    struct map map = {
        .parallel =
            {
                .input = input,
                .output = output,
                .result_size = fan_chan_element_size(output),
                .workers = options->workers,
                .batch = options->batch,
                .ordered = options->ordered,
                .window = options->window,
                .skips_failures = options->skips_failures,
                .skipped = options->skipped,
            },
        .options = *options,
    };
    return fan_stage_go(group, run, end, &map, sizeof map);
}
