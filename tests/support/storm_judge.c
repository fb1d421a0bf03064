#include "tests/support/storm_state.h"

static uint64_t bound(int64_t asked)
{
    return asked ? (uint64_t)asked : UINT64_MAX / 4;
}

/* Then not every task that was taken and not begun waits for its turn. */
static bool may_refuse(const struct storm_plan *plan)
{
    const struct fan_stream_options *options = &plan->options;
    return plan->permits || options->task_timeout_ns || options->needs_ns || options->reserve_ns;
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

static void look_at_report(struct storm *storm)
{
    const struct fan_report *report = &storm->seen->report;
    bool whole = storm->seen->error != EBUSY;
    must(storm, report->submitted == storm->given, "submitted is not what the source gave");
    must(storm,
         report->done + report->failed + report->cancelled + report->dropped == report->submitted,
         "the report does not add up");
    must(storm, report->done == storm->put_well, "done is not what the sink took");
    must(storm, report->threads <= limit_of(storm->plan) + (storm->plan->async ? 2 : 0),
         "more threads than the limit");
    if (!whole || (storm->plan->scarce && storm->plan->permits)) /* too heavy ones: by the list */
        return;
    must(storm, report->failed == storm->failed + storm->heavy, "failed is not what failed");
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
        must(storm, refused || listed->error == storm->errors[listed->index],
             "listed with another error");
        must(storm,
             storm->plan->scarce || (listed->panic != NULL) == (listed->error == ENOTRECOVERABLE),
             "a panic without its stack");
    }
}

static bool some_task_failed_with(const struct storm *storm, int error)
{
    for (uint64_t i = 0; i < storm->given; i++)
        if (storm->errors[i] == error)
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

/* A source that waits is to go on no longer than the tasks; what was done until then is the result. */
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
    bool may_refuse_and_end =
        may_refuse(storm->plan) && storm->plan->options.policy == FAN_FAIL_FAST;
    if (error && error == storm->source_error)
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
               (storm->ended_ns || is_a_deadline(storm) || may_refuse_and_end);
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
