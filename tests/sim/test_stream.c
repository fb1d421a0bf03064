/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* The executor under the controlled scheduler: what it promises holds in every schedule that is
 * tried, and what its threads hand to each other is ordered. */
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

enum { TASKS = 4, SCHEDULES = 3000 };

static struct fan_sim *sim;
static struct fan_stream_options options;
static uint64_t failing_task;
static bool slow, cancelled;

struct job {
    uint64_t given, put, sum;
    uint64_t values[TASKS]; /* plain memory, written by tasks and read at the sink */
    struct fan_ctx ctx;
};

static void set_up(void)
{
    sim = sim_program_begin();
    options = (struct fan_stream_options){.limit = 2, .queue = 4};
    failing_task = TASKS;
    slow = cancelled = false;
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

static int next(void *state, struct fan_ctx *ctx, void *task)
{
    struct job *job = state;
    (void)ctx;
    FAN_WRITE(job->given);
    if (job->given == TASKS)
        return ENODATA;
    memcpy(task, &job->given, sizeof job->given);
    job->given++;
    return 0;
}

static int run(void *state, struct fan_ctx *ctx, const void *task, void *result)
{
    struct job *job = state;
    uint64_t number;
    memcpy(&number, task, sizeof number);
    FAN_WRITE(job->values[number]);
    job->values[number] = number + 1;
    memcpy(result, &job->values[number], sizeof number);
    if (slow && number == 1 && fan_sleep(FAN_SECOND, ctx) != 0)
        return ECANCELED;
    return number == failing_task ? ERANGE : 0;
}

static int put(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    struct job *job = state;
    uint64_t value;
    (void)ctx;
    memcpy(&value, result->value, sizeof value);
    FAN_READ(job->values[result->index]);
    FAN_WRITE(job->put);
    sim_program_must(value == result->index + 1);
    sim_program_must(!options.ordered || result->index == job->put ||
                     options.policy == FAN_BEST_EFFORT);
    job->put++;
    job->sum += value;
    return 0;
}

static void cancel(void *argument)
{
    fan_ctx_cancel(argument, 0);
}

/* The program: a stream, whose result is what it has to be. */
static void stream(void *unused)
{
    (void)unused;
    struct job *job = calloc(1, sizeof *job);
    struct fan_report report;
    fan_ctx_init(&job->ctx, NULL);
    struct fan_thread *canceller = NULL;
    if (cancelled)
        fan_thread_spawn(NULL, cancel, &job->ctx, &canceller);
    int error = fan_out_stream(&job->ctx, &(struct fan_source){.next = next, .state = job},
                               &(struct fan_work){.run = run,
                                                  .argument = job,
                                                  .task_size = sizeof(uint64_t),
                                                  .result_size = sizeof(uint64_t)},
                               &(struct fan_sink){.put = put, .state = job}, &options, &report);
    fan_thread_join(canceller);
    sim_program_must(report.submitted == job->given);
    sim_program_must(report.done + report.failed + report.cancelled + report.dropped ==
                     report.submitted);
    sim_program_must(report.done == job->put || options.policy == FAN_COLLECT_ALL);
    if (failing_task == TASKS && !cancelled)
        sim_program_must(error == 0 && job->put == TASKS && job->sum == TASKS * (TASKS + 1) / 2);
    else if (!cancelled)
        sim_program_must((error == ERANGE) == (options.policy != FAN_BEST_EFFORT));
    else
        sim_program_must(error == 0 || error == ECANCELED);
    fan_report_free(&report);
    fan_ctx_destroy(&job->ctx);
    free(job);
}

static void hunt(const struct fan_strategy *strategy)
{
    for (uint32_t i = 0; i < SCHEDULES; i++) {
        enum fan_sim_outcome outcome = sim_program_run(strategy, stream);
        const struct fan_notice *notice = sim_program_notice();
        ck_assert_msg(outcome == FAN_SIM_FINISHED, "schedule %u: outcome %d", i, (int)outcome);
        ck_assert_msg(!notice, "schedule %u: %s", i, notice ? notice->message : "");
    }
}

/* Each with and without an order; the coarse grain and the fine one. */
static void hunt_everywhere(void)
{
    for (int which = 0; which < 4; which++) {
        struct fan_random random = {.state = 7 + (uint64_t)which};
        options.ordered = which & 1;
        fan_sim_backend_use(sim, which & 2 ? FAN_GRAIN_FINE : FAN_GRAIN_COARSE);
        hunt(&(struct fan_strategy){&fan_strategy_random, &random});
    }
}

START_TEST(every_task_is_run_and_handed_over_once)
{
    hunt_everywhere();
}
END_TEST

START_TEST(a_slow_task_keeps_nobody_waiting)
{
    slow = true;
    hunt_everywhere();
}
END_TEST

START_TEST(a_failure_ends_the_call_or_does_not)
{
    failing_task = 1;
    options.policy = (enum fan_policy)_i;
    hunt_everywhere();
}
END_TEST

START_TEST(a_cancel_may_come_at_any_moment)
{
    cancelled = true;
    slow = true;
    hunt_everywhere();
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("stream");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, every_task_is_run_and_handed_over_once);
    tcase_add_test(cases, a_slow_task_keeps_nobody_waiting);
    tcase_add_loop_test(cases, a_failure_ends_the_call_or_does_not, 0, 3);
    tcase_add_test(cases, a_cancel_may_come_at_any_moment);
    return suite_run("stream", cases);
}
