/* Both of the library's builds run it, so it has no marks, and its own counting is no step. */
#include "tests/support/storm_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "run/thread.h"
#include "run/time.h"
#include "sync/chan.h"
#include "sync/timer.h"

/* ---- the ending ---- */

static void ends_now(struct storm *storm)
{
    uint64_t none = 0;
    __atomic_compare_exchange_n(&storm->ended_ns, &none, fan_now_ns(), false, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
}

static void cancel(struct storm *storm)
{
    bool parents = storm->plan->ending == STORM_CANCEL_PARENT;
    ends_now(storm);
    STORE(storm->cancelled, true);
    fan_ctx_cancel(parents ? &storm->outer : &storm->ctx, 0);
}

static void fire(struct storm *storm, bool cancels)
{
    if (__atomic_exchange_n(&storm->fired, true, __ATOMIC_SEQ_CST))
        return;
    storm->cancels = cancels;
    fan_waitgroup_done(&storm->moment);
}

static void stand_beside(void *argument)
{
    struct storm *storm = argument;
    fan_waitgroup_wait(&storm->moment, NULL);
    if (storm->cancels)
        cancel(storm);
}

/* Something happens: that may be the moment. */
static void count_operation(struct storm *storm)
{
    const struct storm_plan *plan = storm->plan;
    if (ADD(storm->operations, 1) - 1 != plan->moment)
        return;
    if (plan->ending == STORM_CANCEL_WITHIN)
        cancel(storm);
    else if (plan->ending == STORM_CANCEL_BESIDE || plan->ending == STORM_CANCEL_PARENT)
        fire(storm, true);
}

/* Who has seen to the end of the call himself is to begin nothing more. */
static void stops(struct storm *storm)
{
    ends_now(storm);
    STORE(storm->stopper, fan_thread_id(fan_thread_self()));
}

static int wait_for_ever(struct storm *storm, struct fan_ctx *ctx)
{
    char nothing;
    return fan_chan_recv(storm->never, &nothing, ctx);
}

/* ---- the user's side ---- */

static void note_most(uint64_t *most, uint64_t now)
{
    uint64_t before = LOAD(*most);
    while (now > before && !__atomic_compare_exchange_n(most, &before, now, false, __ATOMIC_SEQ_CST,
                                                        __ATOMIC_SEQ_CST))
        continue;
}

static void take_a_while(struct storm *storm, uint64_t index)
{
    if (storm->plan->ends_ignore && index % 16 == storm->plan->seed % 16)
        fan_sleep(STORM_IGNORE_NS, NULL);
}

/* "Nothing more right now", before every few tasks and sometimes twice; and then that takes a
 * while. */
static bool warns(struct storm *storm, struct fan_ctx *ctx, uint64_t index)
{
    const struct storm_plan *plan = storm->plan;
    if (!plan->source_warns)
        return false;
    if (storm->warned_at != index)
        storm->warnings = 0;
    storm->warned_at = index;
    uint64_t drawn = (index + plan->seed) * UINT64_C(0x9e3779b97f4a7c15) >> 60;
    uint64_t times = drawn < 1 ? 2 : drawn < 4 || index == plan->source_waits_at;
    if (storm->warnings++ < times)
        return true;
    if (drawn < 2)
        fan_sleep(STORM_SLEEP_NS / 4, ctx);
    return false;
}

static int next(void *argument, struct fan_ctx *ctx, void *task)
{
    struct storm *storm = argument;
    const struct storm_plan *plan = storm->plan;
    must(storm, !LOAD(storm->returned), "the source is called after the return");
    must(storm, !__atomic_exchange_n(&storm->at_source, true, __ATOMIC_SEQ_CST),
         "two threads are at the source");
    count_operation(storm);
    int error = 0;
    uint64_t index = LOAD(storm->given);
    take_a_while(storm, index);
    if (warns(storm, ctx, index))
        error = EAGAIN;
    else if (index == plan->source_waits_at)
        error = wait_for_ever(storm, ctx);
    else if (index == plan->source_fails_at)
        error = EIO;
    else if (index == plan->tasks)
        error = ENODATA;
    if (error && error != ENODATA && error != EAGAIN)
        STORE(storm->source_error, error);
    if (!error) {
        memcpy(task, &index, sizeof index);
        ADD(storm->given, 1);
        note_most(&storm->seen->most_not_begun, index + 1 - LOAD(storm->begun));
        note_most(&storm->seen->most_held, index + 1 - LOAD(storm->put));
    }
    must(storm, !LOAD(storm->returned), "the source is left behind by the call");
    STORE(storm->at_source, false);
    return error;
}

static int do_as(enum storm_kind kind, struct storm *storm, uint64_t index, struct fan_ctx *ctx)
{
    switch (kind) {
    case STORM_SLEEPS:
        return fan_sleep((1 + index % 5) * STORM_SLEEP_NS, ctx);
    case STORM_WAITS:
        return wait_for_ever(storm, ctx);
    case STORM_FAILS:
        return ERANGE;
    case STORM_IGNORES:
        fan_sleep(STORM_IGNORE_NS, NULL);
        return 0;
    default:
        return 0;
    }
}

/* A second copy fares as another task would. */
static enum storm_kind kind_of(const struct storm *storm, uint64_t index, unsigned copy)
{
    return storm_kind(storm->plan, index + (uint64_t)copy * STORM_TASKS);
}

static uint64_t weight(void *argument, const void *task)
{
    struct storm *storm = argument;
    uint64_t index;
    memcpy(&index, task, sizeof index);
    return storm_weight(storm->plan, index);
}

static uint64_t most_at_once(const struct storm_plan *plan)
{
    uint64_t most = limit_of(plan) * (may_be_copied(plan) ? UINT64_C(2) : 1);
    return plan->ceiling && (uint64_t)plan->ceiling < most ? (uint64_t)plan->ceiling : most;
}

/* Returns which copy of the task it is. */
static unsigned note_task_begin(struct storm *storm, uint64_t index)
{
    const struct storm_plan *plan = storm->plan;
    unsigned runs = ADD(storm->runs[index], 1);
    if (runs == 1)
        ADD(storm->begun, 1);
    must(storm, ADD(storm->at_once, 1) <= most_at_once(plan), "more tasks run than the limit");
    must(storm, runs == 1 || (runs == 2 && may_be_copied(plan)), "a task is run twice");
    must(storm, plan->async || LOAD(storm->stopper) != fan_thread_id(fan_thread_self()),
         "who has ended the call begins another task");
    if (plan->permits)
        must(storm, ADD(storm->permits_out, storm_weight(plan, index)) <= plan->permits,
             "more weight is in flight than there are permits");
    return (runs - 1) % STORM_COPIES;
}

static void note_task_end(struct storm *storm, uint64_t index, unsigned copy, int error)
{
    if (storm->plan->permits)
        ADD(storm->permits_out, -storm_weight(storm->plan, index));
    STORE(storm->errors[copy][index], error);
    if (error && storm->plan->options.policy == FAN_FAIL_FAST && !may_be_copied(storm->plan))
        stops(storm); /* of two copies, the other one may succeed */
    count_operation(storm);
    ADD(storm->at_once, -1);
}

static int run(void *argument, struct fan_ctx *ctx, const void *task, void *result)
{
    struct storm *storm = argument;
    uint64_t index;
    memcpy(&index, task, sizeof index);
    unsigned copy = note_task_begin(storm, index);
    enum storm_kind kind = kind_of(storm, index, copy);
    count_operation(storm);
    if (kind == STORM_PANICS) {
        note_task_end(storm, index, copy, ENOTRECOVERABLE);
        fan_panic("task %" PRIu64 " gives up", index);
    }
    int error = do_as(kind, storm, index, ctx);
    uint64_t value = index * 3 + 1;
    memcpy(result, &value, sizeof value);
    note_task_end(storm, index, copy, error);
    return error;
}

/* ---- the same, asynchronously ---- */

struct journey {
    struct storm *storm;
    uint64_t index;
    void *result;
    struct fan_token token;
};

static void arrive(const struct journey *journey, int error)
{
    uint64_t value = journey->index * 3 + 1;
    memcpy(journey->result, &value, sizeof value);
    note_task_end(journey->storm, journey->index, 0, error);
    fan_token_complete(journey->token, error);
}

static void travel(void *argument)
{
    struct journey journey = *(struct journey *)argument;
    free(argument);
    enum storm_kind kind = storm_kind(journey.storm->plan, journey.index);
    arrive(&journey, do_as(kind, journey.storm, journey.index, fan_token_ctx(journey.token)));
}

/* Each on a thread of its own, as an event loop would do it for all. */
static int send_off(const struct journey *journey)
{
    struct fan_thread *thread;
    struct journey *own = malloc(sizeof *own);
    if (own)
        *own = *journey;
    if (own && fan_thread_spawn(NULL, travel, own, &thread) == 0) {
        fan_thread_detach(thread);
        return 0;
    }
    free(own);
    note_task_end(journey->storm, journey->index, 0, EAGAIN);
    return EAGAIN;
}

static int start(void *argument, struct fan_ctx *ctx, const void *task, void *result,
                 struct fan_token token)
{
    struct storm *storm = argument;
    struct journey journey = {.storm = storm, .result = result, .token = token};
    memcpy(&journey.index, task, sizeof journey.index);
    note_task_begin(storm, journey.index);
    count_operation(storm);
    switch (storm_kind(storm->plan, journey.index)) {
    case STORM_PANICS:
        note_task_end(storm, journey.index, 0, ENOTRECOVERABLE);
        fan_panic("task %" PRIu64 " gives up", journey.index);
    case STORM_QUICK:
        arrive(&journey, 0);
        return 0;
    case STORM_FAILS:
        if (journey.index % 2) {
            arrive(&journey, ERANGE);
            return 0;
        }
        note_task_end(storm, journey.index, 0, ERANGE);
        return ERANGE;
    default:
        must(storm, ctx == fan_token_ctx(token), "the token has another context");
        return send_off(&journey);
    }
}

/* Failures that nobody wants, or what came between failures after the end. */
static bool may_leave_out(const struct storm_plan *plan)
{
    return takes_failures(plan) ? plan->to_the_end : plan->options.policy == FAN_BEST_EFFORT;
}

static void look_at_result(struct storm *storm, const struct fan_task_result *result)
{
    const struct fan_stream_options *options = &storm->plan->options;
    uint64_t value;
    must(storm, ADD(storm->puts[result->index], 1) == 1, "a result is handed over twice");
    if (!is_refusal(storm, result->index, result->error)) {
        must(storm, LOAD(storm->runs[result->index]) >= 1, "a result without a task");
        must(storm, may_have_ended(storm, result->index, result->error), "not the task's error");
    }
    must(storm, !result->error || takes_failures(storm->plan),
         "a failure is handed over that is not wanted");
    memcpy(&value, result->value, sizeof value);
    must(storm, result->error || value == result->index * 3 + 1, "not the task's result");
    if (options->ordered) {
        must(storm, storm->put == 0 || result->index > storm->last_put, "not in order");
        must(storm, may_leave_out(storm->plan) || result->index == storm->put,
             "a hole in the order");
    }
}

static int put(void *argument, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    struct storm *storm = argument;
    const struct storm_plan *plan = storm->plan;
    must(storm, !LOAD(storm->returned), "the sink is called after the return");
    must(storm, !__atomic_exchange_n(&storm->at_sink, true, __ATOMIC_SEQ_CST),
         "two threads are at the sink");
    count_operation(storm);
    look_at_result(storm, result);
    int error = 0;
    if (storm->put == plan->sink_waits_at)
        error = wait_for_ever(storm, ctx);
    else if (storm->put == plan->sink_leaves_at)
        error = EPIPE;
    else if (plan->sink_sleeps_every && storm->put % plan->sink_sleeps_every == 0)
        error = fan_sleep(STORM_SLEEP_NS, ctx);
    take_a_while(storm, storm->put);
    if (error) {
        STORE(storm->sink_left, true);
        stops(storm);
    }
    storm->put_well += !error && !result->error;
    storm->last_put = result->index;
    ADD(storm->put, 1);
    must(storm, !LOAD(storm->returned), "the sink is left behind by the call");
    STORE(storm->at_sink, false);
    return error;
}

/* ---- a run ---- */

static void init_contexts(struct storm *storm)
{
    const struct storm_plan *plan = storm->plan;
    uint64_t deadline_ns = plan->deadline_ns ? fan_deadline_after(plan->deadline_ns) : 0;
    bool parents = plan->ending == STORM_PARENT_DEADLINE;
    fan_ctx_init(&storm->outer,
                 &(struct fan_ctx_options){.deadline_ns = parents ? deadline_ns : 0});
    fan_ctx_init(&storm->ctx, &(struct fan_ctx_options){.parent = &storm->outer,
                                                        .deadline_ns = parents ? 0 : deadline_ns});
}

static void init_helpers(struct storm *storm)
{
    const struct storm_plan *plan = storm->plan;
    struct fan_limiter_options limits = {
        .rule = {.ceiling = plan->ceiling, .decrease_percent = 50, .window = 64}};
    struct fan_hedger_options hedges = {.delay_ns = plan->hedge_after_ns, .extra_percent = 50};
    if (plan->permits) {
        fan_semaphore_init(&storm->permits, "permits", plan->permits);
        storm->options.permits = &storm->permits;
    }
    if (plan->ceiling) {
        must(storm, fan_limiter_init(&storm->limiter, &limits) == 0, "no limiter");
        storm->options.limiter = &storm->limiter;
    }
    if (plan->hedge_after_ns) {
        must(storm, fan_hedger_init(&storm->hedger, &hedges) == 0, "no hedger");
        storm->options.hedger = &storm->hedger;
    }
}

/* Panics if something is out. */
static void destroy_helpers(struct storm *storm)
{
    if (storm->options.permits)
        fan_semaphore_destroy(&storm->permits);
    if (storm->options.limiter)
        fan_limiter_destroy(&storm->limiter);
    if (storm->options.hedger)
        fan_hedger_destroy(&storm->hedger);
}

static bool needs_thread(const struct storm_plan *plan)
{
    return plan->ending == STORM_CANCEL_BESIDE || plan->ending == STORM_CANCEL_PARENT;
}

/* False if there is no memory for it. */
static bool begin(struct storm *storm)
{
    const struct storm_plan *plan = storm->plan;
    storm->never = fan_chan_new("never", 1, 0);
    storm->options = plan->options;
    init_contexts(storm);
    init_helpers(storm);
    storm->moment.name = "moment";
    fan_waitgroup_add(&storm->moment, 1);
    fan_thread_set_budget(plan->budget ? plan->budget + needs_thread(plan) : 0);
    if (!storm->never)
        return false;
    if (plan->moment == STORM_ANY_MOMENT)
        fire(storm, true);
    return !needs_thread(plan) || fan_thread_spawn(NULL, stand_beside, storm, &storm->beside) == 0;
}

static void end(struct storm *storm)
{
    fire(storm, false);
    fan_thread_join(storm->beside);
    fan_thread_set_budget(0);
    fan_waitgroup_destroy(&storm->moment);
    destroy_helpers(storm);
    fan_chan_free(storm->never);
    fan_ctx_destroy(&storm->ctx);
    fan_ctx_destroy(&storm->outer);
}

static void call(struct storm *storm)
{
    const struct storm_plan *plan = storm->plan;
    struct storm_seen *seen = storm->seen;
    struct fan_source source = {
        .next = next, .state = storm, .blocks = plan->source_blocks, .warns = plan->source_warns};
    struct fan_work work = {.run = plan->async ? NULL : run,
                            .start = plan->async ? start : NULL,
                            .argument = storm,
                            .task_size = sizeof(uint64_t),
                            .result_size = sizeof(uint64_t),
                            .weight = weight};
    struct fan_sink sink = {.put = put,
                            .state = storm,
                            .takes_failures = plan->takes_failures,
                            .to_the_end = plan->to_the_end};
    seen->error =
        fan_out_stream(&storm->ctx, &source, &work, &sink, &storm->options, &seen->report);
    STORE(storm->returned, true);
    seen->returned_ns = fan_now_ns();
}

static void note_end(struct storm *storm)
{
    struct storm_seen *seen = storm->seen;
    seen->empty_ns = fan_now_ns();
    seen->ended_ns = storm->ended_ns;
    if (is_a_deadline(storm) && (!seen->ended_ns || storm->ctx.deadline_ns < seen->ended_ns))
        seen->ended_ns = storm->ctx.deadline_ns;
}

/* A call that has left nothing behind is looked at before anything of it could come late. */
static void call_and_look(struct storm *storm)
{
    call(storm);
    bool left = storm->seen->error == EBUSY;
    if (!left)
        storm_judge(storm);
    fire(storm, false);
    fan_thread_wait_all();
    note_end(storm);
    if (left)
        storm_judge(storm);
    fan_report_free(&storm->seen->report);
}

const char *storm_run(const struct storm_plan *plan, struct storm_seen *seen)
{
    struct storm *storm = calloc(1, sizeof *storm);
    *seen = (struct storm_seen){0};
    if (!storm)
        return NULL;
    storm->plan = plan;
    storm->seen = seen;
    if (begin(storm))
        call_and_look(storm);
    end(storm);
    const char *complaint = storm->complaint;
    free(storm);
    return complaint;
}
