#ifndef FAN_STAGE_PARALLEL_H
#define FAN_STAGE_PARALLEL_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/stream.h"
#include "sync/chan.h"

/* What the stages that work on several elements at once have in common (map, filter): the executor
 * (flow/stream.h) with a channel as its source and another as its sink. */
struct fan_parallel {
    struct fan_chan *input, *output;
    size_t result_size; /* of an element of `output` */
    bool judges;        /* a result is followed by a bool: whether it is handed on */
    int workers;
    int64_t batch;
    bool ordered;
    int64_t window;
    bool skips_failures;
    uint64_t *skipped; /* atomic; NULL = nobody wants to know */
    bool has_warned;   /* that the input is empty */
};

/* Runs `run` on each element until the input is closed. Returns why it ended early, or 0. */
int fan_parallel_run(struct fan_parallel *parallel, const char *name,
                     int (*run)(void *argument, struct fan_ctx *ctx, const void *element,
                                void *result),
                     void *argument, struct fan_ctx *ctx);

#endif
