#include "tests/support/storm_state.h"

static uint64_t bound(int64_t asked)
{
    return asked ? (uint64_t)asked : UINT64_MAX / 4;
}

/* Then not every task that was taken and not begun waits for its turn. */
static bool may_refuse(const struct storm_plan *plan)
{
    const struct fan_stream_options *options = &plan->options;
    return plan->permits || plan->ceiling || options->task_timeout_ns || options->needs_ns ||
           options->reserve_ns;
}

static void look_at_bounds(struct storm *storm)
{
    const struct fan_stream_options *options = &storm->plan->options;
    uint64_t room = limit_of(storm->plan) + bound(options->queue);
    if (!may_refuse(storm->plan))
        must(storm, storm->seen->most_not_begun <= room, "more is taken than limit and queue say");
    if (options->policy == FAN_BEST_EFFORT) /* then who fails is not seen at the sink */
        return;
    room += options->ordered ? bound(options->window ? options->window : options->queue) : 0;
    must(storm, storm->seen->most_held <= room, "more is held than limit, queue and window say");
}

static uint64_t count_runs(const struct storm *storm, unsigned runs)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < storm->given; i++)
        count += storm->runs[i] == runs;
    return count;
}

static uint64_t count_failed(const struct storm *storm)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < storm->given; i++)
        count += storm->runs[i] > 0 && !may_have_ended(storm, i, 0);
    return count;
}

static unsigned most_threads(const struct storm_plan *plan)
{
    return limit_of(plan) * (may_be_copied(plan) ? 2 : 1) + (plan->async ? 2 : 0);
}

static bool all_were_told(const struct storm *storm)
{
    for (uint64_t i = 0; i < storm->given; i++)
        if (storm->runs[i] > 0 && !may_have_ended(storm, i, 0) && !storm->puts[i])
            return false;
    return true;
}

static void look_at_report(struct storm *storm)
{
    const struct fan_report *report = &storm->seen->report;
    bool whole = storm->seen->error != EBUSY;
    must(storm, report->submitted == storm->given, "submitted is not what the source gave");
    must(storm,
         report->done + report->failed + report->cancelled + report->dropped == report->submitted,
         "the report does not add up");
    must(storm, report->done == storm->put_well, "done is not what the sink took");
    must(storm, report->threads <= most_threads(storm->plan), "more threads than the limit");
    must(storm, report->hedges_won <= report->hedges, "more copies have won than there were");
    if (whole)
        must(storm, report->hedges == count_runs(storm, 2), "hedges are not the copies");
    if (whole && takes_failures(storm->plan) && storm->plan->to_the_end && !storm->sink_left)
        must(storm, all_were_told(storm), "the sink was not told of a failure");
    if (!whole || (storm->plan->scarce && storm->plan->permits)) /* too heavy ones: by the list */
        return;
    must(storm, report->failed == count_failed(storm) + storm->heavy, "failed is not what failed");
    must(storm, report->cancelled == storm->given - storm->begun - storm->heavy,
         "cancelled is not what was not begun");
    if (storm->plan->scarce)
        return;
    must(storm, report->late == storm->late, "late is not what is listed so");
    must(storm, report->error_count == report->failed + storm->late, "a failure is not listed");
}

static void look_at_listed(struct storm *storm)
{
    const struct fan_report *report = &storm->seen->report;
    for (size_t i = 0; i < report->error_count; i++) {
        const struct fan_task_error *listed = &report->errors[i];
        must(storm, i == 0 || report->errors[i - 1].index < listed->index, "not listed in order");
        bool refused = is_refusal(storm, listed->index, listed->error);
        storm->late += refused && listed->error == ETIMEDOUT;
        storm->heavy += refused && listed->error == EINVAL;
        must(storm, refused || may_have_ended(storm, listed->index, listed->error),
             "listed with another error");
        must(storm,
             storm->plan->scarce || (listed->panic != NULL) == (listed->error == ENOTRECOVERABLE),
             "a panic without its stack");
    }
}

static bool some_task_failed_with(const struct storm *storm, int error)
{
    for (uint64_t i = 0; i < storm->given; i++)
        if (storm->runs[i] > 0 && may_have_ended(storm, i, error))
            return true;
    return false;
}

/* A failure of a task, where the policy makes that the call's. */
static bool is_a_failure(const struct storm *storm, int error)
{
    bool refused = (error == ETIMEDOUT && storm->seen->report.late) ||
                   (error == EINVAL && storm->plan->permits && storm->seen->report.failed);
    return storm->plan->options.policy != FAN_BEST_EFFORT &&
           (refused || some_task_failed_with(storm, error));
}

/* A source that waits is to go on no longer than the tasks; what was done until then is the
 * result. */
static bool source_ended_with_reserve(const struct storm *storm)
{
    const struct fan_stream_options *options = &storm->plan->options;
    return storm->source_error == ETIMEDOUT && options->reserve_ns && storm->ctx.deadline_ns &&
           options->policy == FAN_BEST_EFFORT;
}

static bool all_went_well(const struct storm *storm)
{
    bool given = !storm->source_error && storm->given == storm->plan->tasks;
    const struct fan_report *report = &storm->seen->report;
    bool best_effort = storm->plan->options.policy == FAN_BEST_EFFORT;
    return (given || source_ended_with_reserve(storm)) && !storm->sink_left &&
           report->dropped == 0 && report->cancelled == (best_effort ? report->late : 0) &&
           (best_effort || report->failed == 0);
}

static bool is_right(const struct storm *storm, int error)
{
    bool may_end_unseen = (may_refuse(storm->plan) || may_be_copied(storm->plan)) &&
                          storm->plan->options.policy == FAN_FAIL_FAST;
    if (error && error == storm->source_error && !source_ended_with_reserve(storm))
        return true;
    switch (error) {
    case 0:
        return all_went_well(storm);
    case EPIPE:
        return storm->sink_left;
    case ECANCELED:
        return storm->cancelled;
    case ETIMEDOUT:
        return is_a_deadline(storm) || is_a_failure(storm, ETIMEDOUT);
    case EBUSY:
        return storm->plan->options.linger_ns &&
               (storm->ended_ns || is_a_deadline(storm) || may_end_unseen);
    default:
        return is_a_failure(storm, error);
    }
}

/* Where there was no thread, or no memory, to begin with. */
static bool did_not_begin(const struct storm *storm)
{
    const struct storm_plan *plan = storm->plan;
    int error = storm->seen->error;
    return (error == EAGAIN && plan->budget) || (error == ENOMEM && plan->scarce);
}

void storm_judge(struct storm *storm)
{
    if (did_not_begin(storm)) {
        must(storm, storm->operations == 0, "something was done for a call that cannot begin");
        must(storm, storm->seen->report.submitted == 0, "and it was counted");
        return;
    }
    look_at_bounds(storm);
    look_at_listed(storm);
    look_at_report(storm);
    must(storm, is_right(storm, storm->seen->error), "not an error that it could return");
}
