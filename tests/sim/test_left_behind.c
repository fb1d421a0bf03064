/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* What a call promises about the moment in which it gives up waiting (linger_ns), in many
 * schedules: time passes there only when nothing else can happen, so each of these moments is
 * met. */
#define FAN_SIM
#include <errno.h>
#include <fan/fan.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "run/sim_backend.h"
#include "run/time.h"
#include "sim/random.h"
#include "sync/timer.h"
#include "tests/support/run_memory.h"
#include "tests/support/sim_program.h"
#include "tests/support/suite.h"

enum { MOST_TASKS = 8, DEAF = 5, SCHEDULES = 300 };

static struct fan_sim *sim;
static struct fan_stream_options options;
static struct {
    uint64_t tasks;
    uint64_t time_ns;       /* for the call */
    uint64_t sink_takes_ns; /* for each */
    uint64_t source_takes_ns;
    int (*start)(void *argument, struct fan_ctx *ctx, const void *task, void *result,
                 struct fan_token token); /* NULL = tasks are not asynchronous */
    bool a_task_is_deaf;                  /* it waits until the call has returned */
    int threads;                          /* that may be had; 0 = any number */
    int expected;
    struct fan_report counts; /* if it has any */
} plan;

struct call {
    uint64_t given;
    bool in_interrupt, returned; /* atomic */
    struct fan_chan *hold;       /* closed when the call has returned */
    struct fan_token tokens[MOST_TASKS];
    bool kept[MOST_TASKS];
    struct fan_report report;
};

static int next(void *state, struct fan_ctx *ctx, void *task)
{
    struct call *call = state;
    (void)ctx;
    if (call->given == plan.tasks)
        return ENODATA;
    if (plan.source_takes_ns)
        fan_sleep(plan.source_takes_ns, NULL);
    memcpy(task, &call->given, sizeof call->given);
    call->given++;
    return 0;
}

static uint64_t number_of(const void *task)
{
    uint64_t number;
    memcpy(&number, task, sizeof number);
    return number;
}

/* The first one's start returns when the context is done, the tokens of the others are kept. */
static int keep(void *argument, struct fan_ctx *ctx, const void *task, void *result,
                struct fan_token token)
{
    struct call *call = argument;
    uint64_t number = number_of(task);
    (void)result;
    if (number == 0) {
        fan_chan_recv(call->hold, NULL, ctx);
        return EIO;
    }
    call->tokens[number] = token;
    call->kept[number] = true;
    return 0;
}

static uint64_t wait_if_deaf(struct call *call, const void *task)
{
    uint64_t number = number_of(task);
    if (plan.a_task_is_deaf && number == DEAF)
        fan_chan_recv(call->hold, NULL, NULL);
    return number;
}

static int refuse(void *argument, struct fan_ctx *ctx, const void *task, void *result,
                  struct fan_token token)
{
    (void)ctx, (void)result, (void)token;
    wait_if_deaf(argument, task);
    return EIO;
}

static int run(void *argument, struct fan_ctx *ctx, const void *task, void *result)
{
    (void)ctx, (void)result;
    return wait_if_deaf(argument, task) % 2 && plan.a_task_is_deaf ? EIO : 0;
}

static void interrupt(void *argument)
{
    struct call *call = argument;
    if (fan_atomic_load(&call->returned, FAN_RELAXED))
        fan_panic("interrupted when the call had returned");
    fan_atomic_store(&call->in_interrupt, true, FAN_RELAXED);
    fan_sleep(10, NULL);
    fan_atomic_store(&call->in_interrupt, false, FAN_RELAXED);
}

static int put(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    (void)state, (void)ctx, (void)result;
    if (plan.sink_takes_ns)
        fan_sleep(plan.sink_takes_ns, NULL);
    return 0;
}

static int make_call(struct call *call, struct fan_ctx *ctx)
{
    struct fan_work work = {.argument = call, .task_size = sizeof(uint64_t)};
    work.run = plan.start ? NULL : run;
    work.start = plan.start;
    work.interrupt = plan.start ? interrupt : NULL;
    return fan_out_stream(ctx, &(struct fan_source){.next = next, .state = call}, &work,
                          &(struct fan_sink){.put = put, .state = call}, &options, &call->report);
}

static void must_add_up(const struct fan_report *report)
{
    const struct fan_report *counts = &plan.counts;
    sim_program_must(report->done + report->failed + report->cancelled + report->dropped ==
                     report->submitted);
    if (counts->failed &&
        (report->failed != counts->failed || report->error_count != counts->failed ||
         report->cancelled != counts->cancelled || report->dropped != counts->dropped))
        fan_panic("%d done, %d failed, %d listed, %d cancelled, %d dropped", (int)report->done,
                  (int)report->failed, (int)report->error_count, (int)report->cancelled,
                  (int)report->dropped);
}

static void complete_kept(struct call *call)
{
    for (int i = 0; i < MOST_TASKS; i++)
        if (call->kept[i])
            fan_token_complete(call->tokens[i], 0);
}

static void call_it(void *unused)
{
    struct call *call = calloc(1, sizeof *call);
    struct fan_ctx ctx;
    (void)unused;
    fan_thread_set_budget((size_t)plan.threads);
    call->hold = fan_chan_new("hold", 1, 0);
    fan_ctx_init(&ctx, &(struct fan_ctx_options){.deadline_ns = fan_deadline_after(plan.time_ns)});
    int error = make_call(call, &ctx);
    fan_atomic_store(&call->returned, true, FAN_RELAXED);
    fan_ctx_destroy(&ctx);
    if (fan_atomic_load(&call->in_interrupt, FAN_RELAXED))
        fan_panic("returned while the loop is interrupted");
    if (error != plan.expected)
        fan_panic("returned %d", error);
    must_add_up(&call->report);
    fan_report_free(&call->report);
    fan_chan_close(call->hold);
    fan_thread_wait_all();
    complete_kept(call);
    fan_chan_free(call->hold);
    free(call);
}

static void set_up(void)
{
    sim = sim_program_begin();
    options = (struct fan_stream_options){.limit = 3, .linger_ns = 1};
    memset(&plan, 0, sizeof plan);
    plan.tasks = 3;
    plan.time_ns = 50 * FAN_MILLISECOND;
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

static void hunt(enum fan_grain grain)
{
    struct fan_random random = {.state = 5};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    sim_program_grain(grain);
    for (uint32_t i = 0; i < SCHEDULES; i++) {
        enum fan_sim_outcome outcome = sim_program_run(&strategy, call_it);
        const struct fan_panic *panic = sim_program_panic();
        ck_assert_msg(outcome == FAN_SIM_FINISHED, "schedule %u: outcome %d %s", i, (int)outcome,
                      panic ? panic->message : "");
        ck_assert_msg(run_memory_live() == 0, "schedule %u: %zu blocks are left", i,
                      run_memory_live());
    }
}

static void plan_a_deaf_task(void)
{
    plan.a_task_is_deaf = true;
    plan.tasks = MOST_TASKS;
    plan.expected = EBUSY;
    options.policy = FAN_BEST_EFFORT;
}

/* Of tasks 3 to 7, which are taken together, one runs on; what became of the others is known. */
START_TEST(what_does_not_run_on_is_counted_as_what_it_is)
{
    plan_a_deaf_task();
    plan.counts = (struct fan_report){.failed = 2, .cancelled = 2, .dropped = 2};
    options.limit = 1;
    options.ordered = _i;
    hunt(FAN_GRAIN_COARSE);
}
END_TEST

/* With one thread, which a start holds up: those behind it have been taken from it, for another
 * thread, which is not to be had. */
START_TEST(what_waits_for_its_start_is_given_up)
{
    plan_a_deaf_task();
    plan.counts = (struct fan_report){.failed = 5, .cancelled = 1, .dropped = 1};
    plan.start = refuse;
    plan.threads = 1;
    options.limit = MOST_TASKS;
    options.ordered = _i;
    hunt(FAN_GRAIN_COARSE);
}
END_TEST

START_TEST(nobody_is_interrupted_when_the_call_has_returned)
{
    plan.start = keep;
    plan.expected = EBUSY;
    hunt(_i ? FAN_GRAIN_FINE : FAN_GRAIN_COARSE);
}
END_TEST

/* The sink, or the source, is waited for, and behind it nothing runs on. */
START_TEST(a_call_is_not_busy_with_what_it_has_waited_for)
{
    plan.time_ns = 5;
    plan.expected = ETIMEDOUT;
    if (_i)
        plan.sink_takes_ns = 10;
    else
        plan.source_takes_ns = 10;
    hunt(FAN_GRAIN_COARSE);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("left behind");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, what_does_not_run_on_is_counted_as_what_it_is, 0, 2);
    tcase_add_loop_test(cases, what_waits_for_its_start_is_given_up, 0, 2);
    tcase_add_loop_test(cases, nobody_is_interrupted_when_the_call_has_returned, 0, 2);
    tcase_add_loop_test(cases, a_call_is_not_busy_with_what_it_has_waited_for, 0, 2);
    return suite_run("left behind", cases);
}
