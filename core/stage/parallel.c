/* An element costs 0.2 to 0.4 us of processor time where there are always more (`make bench
 * ONLY=map`), and up to a microsecond where it comes alone, and so is a chunk of its own. Workers
 * that receive from the input and send to the output by themselves take half of that; those need an
 * order, a recover scope and growth of their own, which the executor has. */
#include "stage/parallel.h"

#include <errno.h>

#include "run/atomic.h"
#include "run/backend.h"

enum { DEFAULT_WINDOW = 64, DEFAULT_BATCH = 32 };

/* What has been taken is not to wait for what the input gives next. */
static int take_from_input(void *state, struct fan_ctx *ctx, void *element)
{
    struct fan_parallel *parallel = state;
    int error = parallel->has_warned ? fan_chan_recv(parallel->input, element, ctx)
                                     : fan_chan_try_recv(parallel->input, element);
    parallel->has_warned = error == EAGAIN;
    return error == EPIPE ? ENODATA : error;
}

static bool is_wanted(const struct fan_parallel *parallel, const void *result)
{
    return !parallel->judges || ((const bool *)result)[parallel->result_size];
}

static int skip(const struct fan_parallel *parallel)
{
    if (parallel->skipped)
        fan_atomic_fetch_add(parallel->skipped, 1, FAN_RELAXED);
    return 0;
}

static int hand_to_output(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    struct fan_parallel *parallel = state;
    if (result->error)
        return skip(parallel);
    if (!is_wanted(parallel, result->value))
        return 0;
    return fan_chan_send(parallel->output, result->value, ctx);
}

static int64_t workers_of(const struct fan_parallel *parallel)
{
    return parallel->workers ? parallel->workers : (int64_t)fan_backend_processors();
}

/* In order, half of those that wait for their turn may be in chunks that others work on. */
static int64_t batch_of(const struct fan_parallel *parallel, int64_t window)
{
    int64_t most = parallel->batch ? parallel->batch : DEFAULT_BATCH;
    int64_t share = window / 2 / workers_of(parallel);
    if (parallel->ordered && share < most)
        most = share;
    return most < 1 ? 1 : most;
}

int fan_parallel_run(struct fan_parallel *parallel, const char *name,
                     int (*run)(void *argument, struct fan_ctx *ctx, const void *element,
                                void *result),
                     void *argument, struct fan_ctx *ctx)
{
    int64_t window = parallel->window ? parallel->window : DEFAULT_WINDOW;
    int64_t batch = batch_of(parallel, window);
    struct fan_stream_options options = {
        .name = name,
        .policy = parallel->skips_failures ? FAN_BEST_EFFORT : FAN_FAIL_FAST,
        .ordered = parallel->ordered,
        .limit = parallel->workers,
        .queue = batch * workers_of(parallel),
        .window = batch > 1 ? window / 2 : window,
    };
    return fan_out_stream(
        ctx, &(struct fan_source){.next = take_from_input, .state = parallel, .warns = true},
        &(struct fan_work){.run = run,
                           .argument = argument,
                           .task_size = fan_chan_element_size(parallel->input),
                           .result_size = parallel->result_size + parallel->judges},
        &(struct fan_sink){
            .put = hand_to_output, .state = parallel, .takes_failures = parallel->skips_failures},
        &options, NULL);
}
