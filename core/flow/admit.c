/* What the options put around one task: it is called once here, and whatever way it ends, by a panic
 * too, what was set up for it is taken down again. */
#include "base/panic.h"
#include "flow/stream_state.h"
#include "run/time.h"

struct pass {
    struct fan_stream *stream;
    const void *task;
    void *value;
    struct fan_ctx ctx; /* the task's own */
    int error;
};

bool fan_admit_is_needed(const struct fan_stream_options *options)
{
    return options->task_timeout_ns;
}

static void begin(struct pass *pass)
{
    struct fan_stream *stream = pass->stream;
    uint64_t timeout_ns = stream->options.task_timeout_ns;
    fan_ctx_init(&pass->ctx, &(struct fan_ctx_options){
                                 .parent = &stream->ctx,
                                 .deadline_ns = timeout_ns ? fan_deadline_after(timeout_ns) : 0,
                             });
}

static void run(void *argument)
{
    struct pass *pass = argument;
    const struct fan_work *work = &pass->stream->work;
    pass->error = work->run(work->argument, &pass->ctx, pass->task, pass->value);
}

int fan_admit_run(struct fan_stream *stream, const void *task, void *value)
{
    struct pass pass = {.stream = stream, .task = task, .value = value};
    struct fan_panic panic;
    begin(&pass);
    bool ended = fan_recover(run, &pass, &panic);
    fan_ctx_destroy(&pass.ctx);
    if (!ended)
        fan_panic_again(&panic);
    return pass.error;
}
