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
#include "sim/random.h"
#include "tests/support/sim_program.h"
#include "tests/support/suite.h"

enum { TASKS = 4, SCHEDULES = 2000 };

static struct fan_sim *sim;
static struct fan_stream_options options;
static struct {
    uint64_t tasks, failing;
    bool in_start, cancelled;
} plan;

struct promise {
    struct call *call;
    uint64_t number;
    struct fan_token token;
};

struct call {
    uint64_t given, put;
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
    if (call->given == plan.tasks)
        return ENODATA;
    memcpy(task, &call->given, sizeof call->given);
    call->given++;
    return 0;
}

static void complete(struct call *call, uint64_t number, struct fan_token token)
{
    FAN_WRITE(call->values[number]);
    call->values[number] = number + 1;
    fan_token_complete(token, number == plan.failing ? ERANGE : 0);
}

static void keep_promise(void *argument)
{
    const struct promise *promise = argument;
    complete(promise->call, promise->number, promise->token);
}

static int start(void *argument, struct fan_ctx *ctx, const void *task, void *result,
                 struct fan_token token)
{
    uint64_t number;
    (void)ctx, (void)result;
    memcpy(&number, task, sizeof number);
    if (plan.in_start) {
        complete(argument, number, token);
        return 0;
    }
    struct call *call = argument;
    call->promises[number] = (struct promise){call, number, token};
    fan_thread_spawn(NULL, keep_promise, &call->promises[number], &call->completers[number]);
    sim_program_must(memcmp(&number, task, sizeof number) == 0);
    return 0;
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

static void cancel(void *argument)
{
    fan_ctx_cancel(argument, 0);
}

/* The program: a call, whose result is what it has to be. */
static void call_it(void *unused)
{
    struct call *call = calloc(1, sizeof *call);
    struct fan_thread *canceller = NULL;
    struct fan_report report;
    (void)unused;
    fan_ctx_init(&call->ctx, NULL);
    if (plan.cancelled)
        fan_thread_spawn(NULL, cancel, &call->ctx, &canceller);
    int error = fan_out_stream(&call->ctx, &(struct fan_source){.next = next, .state = call},
                               &(struct fan_work){.start = start,
                                                  .argument = call,
                                                  .task_size = sizeof(uint64_t),
                                                  .result_size = sizeof(uint64_t)},
                               &(struct fan_sink){.put = put, .state = call}, &options, &report);
    fan_thread_join(canceller);
    sim_program_must(report.submitted == call->given);
    sim_program_must(report.done + report.failed + report.cancelled + report.dropped ==
                     report.submitted);
    sim_program_must(report.done == call->put || options.policy == FAN_COLLECT_ALL);
    if (plan.failing < plan.tasks)
        sim_program_must((error == ERANGE) == (options.policy != FAN_BEST_EFFORT));
    else if (plan.cancelled)
        sim_program_must(error == 0 || error == ECANCELED || error == EBUSY);
    else
        sim_program_must(error == 0 && call->put == plan.tasks);
    fan_report_free(&report);
    fan_ctx_destroy(&call->ctx);
    for (int i = 0; error != EBUSY && i < TASKS; i++)
        fan_thread_join(call->completers[i]);
    if (error != EBUSY) /* else a start may run on */
        free(call);
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

static void hunt(enum fan_grain grain, uint64_t seed)
{
    struct fan_random random = {.state = seed};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    sim_program_grain(grain);
    for (uint32_t i = 0; i < SCHEDULES; i++) {
        enum fan_sim_outcome outcome = sim_program_run(&strategy, call_it);
        const struct fan_notice *notice = sim_program_notice();
        ck_assert_msg(outcome == FAN_SIM_FINISHED, "schedule %u: outcome %d", i, (int)outcome);
        ck_assert_msg(!notice, "schedule %u: %s", i, notice ? notice->message : "");
    }
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
    options.policy = (enum fan_policy)_i;
    for (int which = 0; which < 2; which++)
        hunt(which ? FAN_GRAIN_FINE : FAN_GRAIN_COARSE, 11);
}
END_TEST

START_TEST(a_cancel_may_come_at_any_moment)
{
    plan.cancelled = true;
    options.linger_ns = _i ? 1 : 0;
    hunt_everywhere();
}
END_TEST

/* One task, which another thread completes, or which completes itself while a third thread cancels:
 * all that can happen. */
START_TEST(a_small_call_is_right_in_every_schedule)
{
    struct fan_dpor *dpor = fan_dpor_new(NULL);
    struct fan_strategy strategy = {&fan_strategy_dpor, dpor};
    plan.tasks = plan.failing = 1;
    plan.in_start = plan.cancelled = _i;
    do {
        enum fan_sim_outcome outcome = sim_program_run(&strategy, call_it);
        ck_assert(outcome == FAN_SIM_FINISHED || outcome == FAN_SIM_ABANDONED);
        ck_assert(!sim_program_notice());
    } while (fan_strategy_dpor.end(dpor, sim));
    ck_assert(fan_dpor_report(dpor).complete);
    fan_dpor_free(dpor);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("async");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, every_task_is_handed_over_once, 0, 2);
    tcase_add_loop_test(cases, a_failure_ends_the_call_or_does_not, 0, 3);
    tcase_add_loop_test(cases, a_cancel_may_come_at_any_moment, 0, 2);
    tcase_add_loop_test(cases, a_small_call_is_right_in_every_schedule, 0, 2);
    return suite_run("async", cases);
}
