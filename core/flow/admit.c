/* What the options put around one task: what it must have before it is begun, and its own context.
 * Whatever way it ends, by a panic too, all of it is given back. */
#include <errno.h>

#include "base/panic.h"
#include "flow/stream_state.h"
#include "run/time.h"

struct pass {
    struct fan_stream *stream;
    const void *task;
    void *value;
    uint64_t weight;       /* permits that it holds */
    struct fan_ctx timed;  /* its own, if it has a time-out */
    struct fan_ctx *inner; /* what it gets */
    int error;
};

bool fan_admit_is_needed(const struct fan_work *work, const struct fan_stream_options *options)
{
    return options->task_timeout_ns || options->permits || options->needs_ns ||
           options->reserve_ns || work->needs_ns;
}

/* ---- before it is begun ---- */

/* When the task has to be begun at the latest; 0 = whenever. */
static uint64_t latest_begin(const struct pass *pass)
{
    const struct fan_stream *stream = pass->stream;
    const struct fan_work *work = &stream->work;
    uint64_t deadline_ns = fan_ctx_deadline(stream->inner);
    uint64_t needs_ns = stream->options.needs_ns;
    if (deadline_ns == 0)
        return 0;
    if (work->needs_ns)
        needs_ns = work->needs_ns(work->argument, pass->task);
    return needs_ns < deadline_ns ? deadline_ns - needs_ns : 1;
}

static int look_at_time(struct fan_stream *stream, uint64_t latest_ns)
{
    int error = fan_ctx_error(stream->inner);
    return !error && latest_ns && fan_now_ns() >= latest_ns ? ETIMEDOUT : error;
}

static int take_permits(struct pass *pass, uint64_t latest_ns)
{
    struct fan_stream *stream = pass->stream;
    struct fan_ctx until;
    if (pass->weight == 0)
        return 0;
    fan_ctx_init(&until,
                 &(struct fan_ctx_options){.parent = stream->inner, .deadline_ns = latest_ns});
    int error = fan_semaphore_acquire(stream->options.permits, pass->weight, &until);
    fan_ctx_destroy(&until);
    return error;
}

static uint64_t weight_of(const struct fan_stream *stream, const void *task)
{
    const struct fan_work *work = &stream->work;
    if (!stream->options.permits)
        return 0;
    return work->weight ? work->weight(work->argument, task) : 1;
}

static int let_in(struct pass *pass)
{
    uint64_t latest_ns = latest_begin(pass);
    pass->weight = weight_of(pass->stream, pass->task);
    int error = look_at_time(pass->stream, latest_ns);
    return error ? error : take_permits(pass, latest_ns);
}

/* What becomes of a task that was not let in. More permits than there are is a failure of its own. */
static int refusal(int error)
{
    if (error == ETIMEDOUT)
        return FAN_TOO_LATE;
    return error == ECANCELED ? FAN_NOT_BEGUN : error;
}

/* ---- while it runs ---- */

static void begin(struct pass *pass)
{
    uint64_t timeout_ns = pass->stream->options.task_timeout_ns;
    pass->inner = pass->stream->inner;
    if (!timeout_ns)
        return;
    fan_ctx_init(&pass->timed,
                 &(struct fan_ctx_options){.parent = pass->inner,
                                           .deadline_ns = fan_deadline_after(timeout_ns)});
    pass->inner = &pass->timed;
}

static void run(void *argument)
{
    struct pass *pass = argument;
    const struct fan_work *work = &pass->stream->work;
    pass->error = work->run(work->argument, pass->inner, pass->task, pass->value);
}

static void end(struct pass *pass)
{
    if (pass->inner == &pass->timed)
        fan_ctx_destroy(&pass->timed);
    if (pass->weight)
        fan_semaphore_release(pass->stream->options.permits, pass->weight);
}

int fan_admit_run(struct fan_stream *stream, const void *task, void *value)
{
    struct pass pass = {.stream = stream, .task = task, .value = value};
    struct fan_panic panic;
    int error = let_in(&pass);
    if (error)
        return refusal(error);
    begin(&pass);
    bool ended = fan_recover(run, &pass, &panic);
    end(&pass);
    if (!ended)
        fan_panic_again(&panic);
    return pass.error;
}
