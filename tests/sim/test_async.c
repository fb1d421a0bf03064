/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* Calls with asynchronous tasks under the controlled scheduler: what they promise holds in every
 * schedule that is tried, and what their threads hand to each other is ordered. */
#define FAN_SIM
#include <errno.h>
#include <fan/fan.h>
#include <stdlib.h>
#include <string.h>

#include "flow/stream.h"
#include "run/sim_backend.h"
#include "sim/dpor.h"
#include "sim/pct.h"
#include "sim/random.h"
#include "tests/support/sim_program.h"
#include "tests/support/suite.h"

enum { TASKS = 4, SCHEDULES = 2000, SOME = 5000 };

enum canceller {
    NOBODY,
    BEFORE,
    OTHER,     /* a thread, from the beginning; */
    BESIDE,    /* or from the start of a task, */
    COMPLETER, /* or the one that completes it, before that */
};

static struct fan_sim *sim;
static struct fan_stream_options options;
static struct {
    uint64_t tasks, failing;
    bool in_start;       /* a task is completed there, and not by a thread of its own; */
    bool fails_at_start; /* the failing one fails there */
    bool one_waits;      /* a start, for the next one */
    bool source_blocks;  /* says the source */
    bool deaf;           /* nobody is to be told of the end */
    enum canceller cancels;
    enum { NOTHING, INTERRUPT, RETURN } awaited; /* by who completes */
} plan;

struct promise {
    struct call *call;
    uint64_t number;
    struct fan_token token;
};

struct call {
    uint64_t asked, given, put;
    unsigned starting, interrupts;
    uint64_t failed_in;                             /* the thread whose start has failed */
    struct fan_chan *interrupted, *returned, *next; /* closed when that is so; the next start is */
    uint64_t values[TASKS]; /* plain memory, written by who completes, and read at the sink */
    struct promise promises[TASKS];
    struct fan_thread *completers[TASKS];
    struct fan_ctx ctx;
};

static int next(void *state, struct fan_ctx *ctx, void *task)
{
    struct call *call = state;
    (void)ctx;
    FAN_WRITE(call->given);
    call->asked++;
    if (call->given == plan.tasks)
        return ENODATA;
    memcpy(task, &call->given, sizeof call->given);
    call->given++;
    return 0;
}

static void await(struct fan_chan *closed)
{
    fan_chan_recv(closed, NULL, NULL);
}

static void complete(struct call *call, uint64_t number, struct fan_token token)
{
    if (plan.cancels == COMPLETER)
        fan_ctx_cancel(&call->ctx, 0);
    if (plan.awaited != NOTHING)
        await(plan.awaited == INTERRUPT ? call->interrupted : call->returned);
    FAN_WRITE(call->values[number]);
    call->values[number] = number + 1;
    fan_token_complete(token, number == plan.failing ? ERANGE : 0);
}

static void keep_promise(void *argument)
{
    const struct promise *promise = argument;
    complete(promise->call, promise->number, promise->token);
}

static void cancel(void *argument)
{
    fan_ctx_cancel(argument, 0);
}

static void wait_for_the_next(struct call *call, uint64_t number)
{
    if (number == 1)
        await(call->next);
    if (number == 2)
        fan_chan_close(call->next);
}

static int do_start(struct call *call, uint64_t number, struct fan_token token)
{
    if (plan.fails_at_start && number == plan.failing) {
        call->failed_in = fan_thread_id(fan_thread_self());
        call->values[number] = number + 1;
        return ERANGE;
    }
    if (plan.one_waits)
        wait_for_the_next(call, number);
    if (plan.in_start) {
        complete(call, number, token);
        return 0;
    }
    if (plan.cancels == BESIDE)
        fan_thread_spawn(NULL, cancel, &call->ctx, &call->completers[1]);
    call->promises[number] = (struct promise){call, number, token};
    fan_thread_spawn(NULL, keep_promise, &call->promises[number], &call->completers[number]);
    return 0;
}

/* Behind a failure that ends the call its thread starts no more. */
static int start(void *argument, struct fan_ctx *ctx, const void *task, void *result,
                 struct fan_token token)
{
    struct call *call = argument;
    uint64_t number;
    (void)ctx, (void)result;
    memcpy(&number, task, sizeof number);
    sim_program_must(call->failed_in != fan_thread_id(fan_thread_self()) ||
                     options.policy != FAN_FAIL_FAST);
    call->starting++;
    int error = do_start(call, number, token);
    call->starting--;
    sim_program_must(memcmp(&number, task, sizeof number) == 0);
    return error;
}

static void interrupt(void *argument)
{
    struct call *call = argument;
    sim_program_must(call->interrupts++ == 0 && call->starting == 0);
    fan_chan_close(call->interrupted);
}

static int put(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    struct call *call = state;
    (void)ctx;
    FAN_READ(call->values[result->index]);
    FAN_WRITE(call->put);
    sim_program_must(call->values[result->index] == result->index + 1);
    sim_program_must(!options.ordered || result->index == call->put);
    call->put++;
    return 0;
}

static struct call *new_call(void)
{
    struct call *call = calloc(1, sizeof *call);
    fan_ctx_init(&call->ctx, NULL);
    call->interrupted = fan_chan_new("interrupted", 1, 0);
    call->returned = fan_chan_new("returned", 1, 0);
    call->next = fan_chan_new("next", 1, 0);
    return call;
}

static void free_call(struct call *call)
{
    for (int i = 0; i < TASKS; i++)
        fan_thread_join(call->completers[i]);
    fan_chan_free(call->interrupted);
    fan_chan_free(call->returned);
    fan_chan_free(call->next);
    free(call);
}

static void result_must_be_right(const struct call *call, int error,
                                 const struct fan_report *report)
{
    sim_program_must(report->submitted == call->given);
    sim_program_must(report->done + report->failed + report->cancelled + report->dropped ==
                     report->submitted);
    sim_program_must(report->done == call->put || options.policy == FAN_COLLECT_ALL);
    if (plan.failing < plan.tasks)
        sim_program_must((error == ERANGE) == (options.policy != FAN_BEST_EFFORT));
    else if (plan.cancels == BEFORE)
        sim_program_must(error == ECANCELED && call->asked == 0);
    else if (plan.cancels != NOBODY)
        sim_program_must(error == 0 || error == ECANCELED || error == EBUSY);
    else
        sim_program_must(error == 0 && call->put == plan.tasks);
}

/* The program: a call, whose result is what it has to be. */
static void call_it(void *unused)
{
    struct call *call = new_call();
    struct fan_thread *canceller = NULL;
    struct fan_report report;
    (void)unused;
    if (plan.cancels == BEFORE)
        fan_ctx_cancel(&call->ctx, 0);
    if (plan.cancels == OTHER)
        fan_thread_spawn(NULL, cancel, &call->ctx, &canceller);
    int error = fan_out_stream(
        &call->ctx, &(struct fan_source){.next = next, .state = call, .blocks = plan.source_blocks},
        &(struct fan_work){.start = start,
                           .interrupt = plan.deaf ? NULL : interrupt,
                           .argument = call,
                           .task_size = sizeof(uint64_t),
                           .result_size = sizeof(uint64_t)},
        &(struct fan_sink){.put = put, .state = call}, &options, &report);
    fan_chan_close(call->returned);
    fan_thread_join(canceller);
    result_must_be_right(call, error, &report);
    fan_report_free(&report);
    fan_ctx_destroy(&call->ctx);
    if (error != EBUSY) /* else a start may run on */
        free_call(call);
}

static void set_up(void)
{
    sim = sim_program_begin();
    options = (struct fan_stream_options){.limit = 2, .queue = 2};
    memset(&plan, 0, sizeof plan);
    plan.tasks = plan.failing = TASKS;
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

static bool is_allowed(const struct fan_notice *notice)
{
    return !notice || (plan.awaited == RETURN && notice->kind == FAN_NOTICE_CANCEL_IGNORED);
}

static uint64_t number_of(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void try_schedules(const struct fan_strategy *strategy, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        enum fan_sim_outcome outcome = sim_program_run(strategy, call_it);
        const struct fan_notice *notice = sim_program_notice();
        ck_assert_msg(outcome == FAN_SIM_FINISHED, "schedule %u: outcome %d", (unsigned)i,
                      (int)outcome);
        ck_assert_msg(is_allowed(notice), "schedule %u: %s", (unsigned)i,
                      notice ? notice->message : "");
        strategy->kind->end(strategy->state, sim);
    }
}

/* At random, and with threads that are left behind for long. */
static void hunt(enum fan_grain grain, uint64_t seed)
{
    struct fan_random random = {.state = seed};
    struct fan_pct pct = {.random = {.state = seed}};
    uint64_t count = number_of("FAN_RUNS", SCHEDULES) / 2;
    sim_program_grain(grain);
    try_schedules(&(struct fan_strategy){&fan_strategy_random, &random}, count);
    try_schedules(&(struct fan_strategy){&fan_strategy_pct, &pct}, count);
}

static void hunt_everywhere(void)
{
    for (int which = 0; which < 4; which++) {
        options.ordered = which & 1;
        hunt(which & 2 ? FAN_GRAIN_FINE : FAN_GRAIN_COARSE, 7 + (uint64_t)which);
    }
}

START_TEST(every_task_is_handed_over_once)
{
    plan.in_start = _i;
    hunt_everywhere();
}
END_TEST

START_TEST(a_failure_ends_the_call_or_does_not)
{
    plan.failing = 1;
    options.policy = (enum fan_policy)(_i % 3);
    plan.fails_at_start = plan.in_start = _i / 3;
    for (int which = 0; which < 2; which++)
        hunt(which ? FAN_GRAIN_FINE : FAN_GRAIN_COARSE, 11);
}
END_TEST

START_TEST(a_start_that_waits_for_the_next_does_not_keep_it)
{
    plan.one_waits = true;
    plan.in_start = _i;
    hunt_everywhere();
}
END_TEST

START_TEST(a_source_that_may_block_is_left_to_a_thread)
{
    plan.source_blocks = true;
    hunt_everywhere();
}
END_TEST

START_TEST(where_the_context_is_done_the_source_is_not_asked)
{
    plan.cancels = BEFORE;
    hunt(FAN_GRAIN_COARSE, 13);
}
END_TEST

START_TEST(a_cancel_may_come_at_any_moment)
{
    plan.cancels = OTHER;
    options.linger_ns = _i ? 1 : 0;
    hunt_everywhere();
}
END_TEST

START_TEST(who_waits_for_the_end_is_told_of_it_once_and_while_no_start_runs)
{
    plan.cancels = _i ? COMPLETER : OTHER;
    plan.awaited = INTERRUPT;
    hunt_everywhere();
}
END_TEST

START_TEST(a_token_that_is_kept_does_not_keep_the_call)
{
    plan.cancels = COMPLETER;
    plan.awaited = RETURN;
    options.linger_ns = 1;
    hunt_everywhere();
}
END_TEST

/* Where one task is completed, and who cancels; `whole`: all that can happen is gone through, in a
 * second or two. The others have 132,929 and 803,797 schedules; FAN_SCHEDULES=all goes through
 * those too. */
static const struct {
    bool in_start, told, whole;
    enum canceller cancels;
    int limit;
} small[] = {
    {.cancels = NOBODY, .limit = 2, .whole = true},
    {.cancels = BEFORE, .limit = 2, .whole = true},
    {.in_start = true, .cancels = OTHER, .limit = 2, .whole = true},
    {.in_start = true, .cancels = COMPLETER, .limit = 2, .told = true, .whole = true},
    {.cancels = COMPLETER, .limit = 1},
    {.cancels = BESIDE, .limit = 1},
};

enum { SMALL = sizeof small / sizeof small[0] };

static void plan_small(int which)
{
    plan.tasks = plan.failing = 1;
    plan.in_start = small[which].in_start;
    plan.cancels = small[which].cancels;
    plan.deaf = !small[which].told;
    options.limit = options.queue = small[which].limit;
}

START_TEST(a_small_call_is_right_in_every_schedule)
{
    struct fan_dpor *dpor = fan_dpor_new(NULL);
    struct fan_strategy strategy = {&fan_strategy_dpor, dpor};
    bool whole = !getenv("FAN_RUNS") && (small[_i].whole || getenv("FAN_SCHEDULES"));
    uint64_t most = whole ? UINT64_MAX : number_of("FAN_RUNS", SOME);
    plan_small(_i);
    do {
        enum fan_sim_outcome outcome = sim_program_run(&strategy, call_it);
        ck_assert(outcome == FAN_SIM_FINISHED || outcome == FAN_SIM_ABANDONED);
        ck_assert(!sim_program_notice());
    } while (fan_strategy_dpor.end(dpor, sim) && --most > 0);
    ck_assert(fan_dpor_report(dpor).complete || !whole);
    fan_dpor_free(dpor);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("async");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, getenv("FAN_SCHEDULES") ? 0 : 120);
    tcase_add_loop_test(cases, every_task_is_handed_over_once, 0, 2);
    tcase_add_loop_test(cases, a_failure_ends_the_call_or_does_not, 0, 6);
    tcase_add_loop_test(cases, a_start_that_waits_for_the_next_does_not_keep_it, 0, 2);
    tcase_add_test(cases, a_source_that_may_block_is_left_to_a_thread);
    tcase_add_test(cases, where_the_context_is_done_the_source_is_not_asked);
    tcase_add_loop_test(cases, a_cancel_may_come_at_any_moment, 0, 2);
    tcase_add_loop_test(cases, who_waits_for_the_end_is_told_of_it_once_and_while_no_start_runs, 0,
                        2);
    tcase_add_test(cases, a_token_that_is_kept_does_not_keep_the_call);
    tcase_add_loop_test(cases, a_small_call_is_right_in_every_schedule, 0, SMALL);
    return suite_run("async", cases);
}
