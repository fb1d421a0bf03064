/* Whatever way a task ends, by a panic too, all that it holds is given back. Permits come before
 * the limiter's, for all tasks: so nobody who has the ones waits for who has the others. */
#include "flow/admit.h"

#include <errno.h>

#include "base/panic.h"
#include "flow/copies.h"
#include "flow/stream_state.h"
#include "run/time.h"

bool fan_admit_is_needed(const struct fan_work *work, const struct fan_stream_options *options)
{
    return options->task_timeout_ns || options->permits || options->limiter || options->hedger ||
           options->needs_ns || options->reserve_ns || work->needs_ns;
}

/* ---- before it is begun ---- */

/* When the task has to be begun at the latest; 0 = whenever. */
static uint64_t latest_begin(const struct fan_pass *pass)
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

static uint64_t weight_of(const struct fan_stream *stream, const void *task)
{
    const struct fan_work *work = &stream->work;
    if (!stream->options.permits)
        return 0;
    return work->weight ? work->weight(work->argument, task) : 1;
}

static int take_permits(struct fan_pass *pass, uint64_t weight, struct fan_ctx *until)
{
    int error = weight ? fan_semaphore_acquire(pass->stream->options.permits, weight, until) : 0;
    if (!error)
        pass->hold.permits = weight;
    return error;
}

static int pass_limiter(struct fan_pass *pass, struct fan_ctx *until)
{
    struct fan_limiter *limiter = pass->stream->options.limiter;
    int error = limiter ? fan_limiter_acquire(limiter, until) : 0;
    pass->hold.limited = limiter && !error;
    return error;
}

static int wait_for_turn(struct fan_pass *pass, uint64_t weight, uint64_t latest_ns)
{
    struct fan_ctx until;
    fan_ctx_init(
        &until, &(struct fan_ctx_options){.parent = pass->stream->inner, .deadline_ns = latest_ns});
    int error = take_permits(pass, weight, &until);
    if (!error)
        error = pass_limiter(pass, &until);
    fan_ctx_destroy(&until);
    if (error)
        fan_admit_leave(pass->stream, &pass->hold, error);
    return error;
}

static int let_in(struct fan_pass *pass)
{
    uint64_t latest_ns = latest_begin(pass);
    uint64_t weight = weight_of(pass->stream, pass->task);
    int error = look_at_time(pass->stream, latest_ns);
    if (!error && (weight || pass->stream->options.limiter))
        error = wait_for_turn(pass, weight, latest_ns);
    return error;
}

/* What becomes of a task that was not let in. More permits than there are is a failure of its
 * own. */
static int refusal(int error)
{
    if (error == ETIMEDOUT)
        return FAN_TOO_LATE;
    return error == ECANCELED ? FAN_NOT_BEGUN : error;
}

bool fan_admit_copy(const struct fan_stream *stream, const struct fan_hold *held,
                    struct fan_hold *hold)
{
    struct fan_limiter *limiter = stream->options.limiter;
    *hold = (struct fan_hold){0};
    if (held->permits && fan_semaphore_try_acquire(stream->options.permits, held->permits) != 0)
        return false;
    hold->permits = held->permits;
    hold->limited = limiter && fan_limiter_try_acquire(limiter) == 0;
    if (hold->limited)
        hold->began_ns = fan_now_ns();
    if (hold->limited == held->limited)
        return true;
    fan_admit_leave(stream, hold, ECANCELED);
    return false;
}

/* ---- while it runs ---- */

static void begin(struct fan_pass *pass)
{
    uint64_t timeout_ns = pass->stream->options.task_timeout_ns;
    pass->inner = pass->stream->inner;
    if (pass->hold.limited)
        pass->hold.began_ns = fan_now_ns();
    if (!timeout_ns)
        return;
    fan_ctx_init(&pass->timed,
                 &(struct fan_ctx_options){.parent = pass->inner,
                                           .deadline_ns = fan_deadline_after(timeout_ns)});
    pass->inner = &pass->timed;
}

static void run(void *argument)
{
    struct fan_pass *pass = argument;
    struct fan_stream *stream = pass->stream;
    const struct fan_work *work = &stream->work;
    if (stream->copies)
        pass->error =
            fan_copies_run(stream->copies, pass->inner, &pass->hold, pass->task, pass->value);
    else
        pass->error = work->run(work->argument, pass->inner, pass->task, pass->value);
}

void fan_admit_leave(const struct fan_stream *stream, const struct fan_hold *hold, int error)
{
    if (hold->limited)
        fan_limiter_release(stream->options.limiter, hold->began_ns, fan_limiter_outcome_of(error));
    if (hold->permits)
        fan_semaphore_release(stream->options.permits, hold->permits);
}

int fan_admit_enter(struct fan_pass *pass)
{
    int error = let_in(pass);
    if (error)
        return refusal(error);
    begin(pass);
    return 0;
}

void fan_admit_end(struct fan_pass *pass, int error)
{
    if (pass->inner == &pass->timed)
        fan_ctx_destroy(&pass->timed);
    fan_admit_leave(pass->stream, &pass->hold, error);
}

int fan_admit_run(struct fan_stream *stream, const void *task, void *value)
{
    struct fan_pass pass = {.stream = stream, .task = task, .value = value};
    struct fan_panic panic;
    int error = fan_admit_enter(&pass);
    if (error)
        return error;
    bool ended = fan_recover(run, &pass, &panic);
    fan_admit_end(&pass, ended ? pass.error : ENOTRECOVERABLE);
    if (!ended)
        fan_panic_again(&panic);
    return pass.error;
}
