/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* What the executor's options put around a task, under the controlled scheduler. Two tasks that are
 * admitted by two threads go through every schedule there is; a whole call goes through many. */
#define FAN_SIM
#include <errno.h>
#include <fan/fan.h>
#include <stdlib.h>
#include <string.h>

#include "flow/stream_state.h"
#include "run/sim_backend.h"
#include "sim/dpor.h"
#include "sim/random.h"
#include "tests/support/sim_program.h"
#include "tests/support/suite.h"

enum { TASKS = 4, SCHEDULES = 2000 };

static struct fan_sim *sim;
static bool bounded;   /* one task at a time has a permit */
static bool limited;   /* it is a limiter's */
static bool cancelled; /* at any moment */
static bool panics;    /* each task does */
static bool asynchronous;
static bool hurried; /* the tasks have a millisecond, of which they need half, and take more */

struct job {
    struct fan_semaphore permits;
    struct fan_limiter limiter;
    struct fan_ctx ctx;
    struct fan_stream_options options;
    int inside; /* plain memory: permits alone order who touches it */
    int begun;
};

static void set_up(void)
{
    sim = sim_program_begin();
    bounded = true;
    limited = cancelled = panics = hurried = asynchronous = false;
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

/* Alone, since there is one permit. */
static void enter(struct job *job, struct fan_ctx *ctx)
{
    FAN_WRITE(job->inside);
    sim_program_must(job->inside++ == 0);
    job->begun++;
    if (hurried)
        sim_program_must(fan_now_ns() + FAN_MILLISECOND / 2 <= fan_ctx_deadline(ctx));
}

static void leave(struct job *job)
{
    if (hurried)
        fan_sleep(FAN_MILLISECOND * 3 / 4, NULL);
    FAN_WRITE(job->inside);
    job->inside--;
}

static int run(void *state, struct fan_ctx *ctx, const void *task, void *result)
{
    (void)task, (void)result;
    enter(state, ctx);
    leave(state);
    if (panics)
        fan_panic("gives up");
    return 0;
}

struct promise {
    struct job *job;
    struct fan_token token;
};

static void keep_promise(void *argument)
{
    struct promise promise = *(struct promise *)argument;
    free(argument);
    leave(promise.job);
    fan_token_complete(promise.token, 0);
}

/* The same by two threads, of which the second one completes it. */
static int start(void *state, struct fan_ctx *ctx, const void *task, void *result,
                 struct fan_token token)
{
    (void)task, (void)result;
    enter(state, ctx);
    if (panics) {
        leave(state);
        fan_panic("gives up");
    }
    struct promise *promise = malloc(sizeof *promise);
    *promise = (struct promise){state, token};
    fan_go(NULL, keep_promise, promise);
    return 0;
}

static void cancel(void *argument)
{
    fan_ctx_cancel(argument, 0);
}

static struct job *new_job(void)
{
    struct job *job = calloc(1, sizeof *job);
    fan_semaphore_init(&job->permits, "permits", 1);
    fan_limiter_init(&job->limiter, &(struct fan_limiter_options){.rule = {.ceiling = 1}});
    fan_ctx_init(&job->ctx, &(struct fan_ctx_options){
                                .deadline_ns = hurried ? fan_deadline_after(FAN_MILLISECOND) : 0});
    job->options = (struct fan_stream_options){
        .limit = 2,
        .policy = FAN_BEST_EFFORT,
        .permits = bounded && !limited ? &job->permits : NULL,
        .limiter = bounded && limited ? &job->limiter : NULL,
        .needs_ns = hurried ? FAN_MILLISECOND / 2 : 0,
        .task_timeout_ns = hurried ? 0 : FAN_SECOND,
    };
    return job;
}

/* Every permit is back, or this is a panic. */
static void free_job(struct job *job)
{
    sim_program_must(job->inside == 0);
    fan_ctx_destroy(&job->ctx);
    fan_semaphore_destroy(&job->permits);
    fan_limiter_destroy(&job->limiter);
    free(job);
}

/* ---- the admission of two tasks ---- */

struct attempt {
    struct fan_stream *stream;
    int error;
};

static void run_admitted(void *argument)
{
    struct attempt *attempt = argument;
    attempt->error = fan_admit_run(attempt->stream, NULL, NULL);
}

static void admit(void *argument)
{
    struct attempt *attempt = argument;
    if (!fan_recover(run_admitted, attempt, NULL))
        attempt->error = ENOTRECOVERABLE;
}

static void admit_two(void *unused)
{
    (void)unused;
    struct job *job = new_job();
    struct fan_stream *stream = aligned_alloc(64, sizeof *stream);
    *stream = (struct fan_stream){
        .work = {.run = run, .argument = job}, .options = job->options, .inner = &job->ctx};
    struct attempt attempts[2] = {{.stream = stream, .error = EDOM}, {stream, EDOM}};
    struct fan_thread *other, *canceller = NULL;
    fan_thread_spawn(NULL, admit, &attempts[0], &other);
    if (cancelled)
        fan_thread_spawn(NULL, cancel, &job->ctx, &canceller);
    admit(&attempts[1]);
    fan_thread_join(other);
    fan_thread_join(canceller);
    int refused = 0;
    for (int i = 0; i < 2; i++) {
        sim_program_must(attempts[i].error == (panics ? ENOTRECOVERABLE : 0) ||
                         attempts[i].error == (hurried ? FAN_TOO_LATE : FAN_NOT_BEGUN));
        refused += attempts[i].error < 0;
    }
    sim_program_must(job->begun + refused == 2);
    sim_program_must(cancelled || refused == hurried);
    free(stream);
    free_job(job);
}

/* Goes through all schedules, and counts those in which something was wrong. */
static uint64_t count_wrong(sim_program *program)
{
    struct fan_dpor *dpor = fan_dpor_new(NULL);
    struct fan_strategy strategy = {&fan_strategy_dpor, dpor};
    uint64_t wrong = 0;
    do {
        enum fan_sim_outcome outcome = sim_program_run(&strategy, program);
        wrong += outcome == FAN_SIM_FAILED || outcome == FAN_SIM_STUCK || sim_program_notice();
    } while (fan_strategy_dpor.end(dpor, sim));
    struct fan_dpor_report report = fan_dpor_report(dpor);
    ck_assert(report.complete);
    ck_assert_uint_gt(report.classes, 1);
    fan_dpor_free(dpor);
    return wrong;
}

START_TEST(two_tasks_share_one_permit_in_every_schedule)
{
    panics = _i & 1;
    cancelled = _i & 2;
    limited = _i & 4;
    ck_assert_uint_eq(count_wrong(admit_two), 0);
}
END_TEST

/* The second one is served when its time is over. */
START_TEST(who_gets_his_permit_too_late_is_not_begun_in_any_schedule)
{
    hurried = true;
    limited = _i;
    ck_assert_uint_eq(count_wrong(admit_two), 0);
}
END_TEST

START_TEST(the_control_without_permits_they_meet)
{
    bounded = false;
    ck_assert_uint_gt(count_wrong(admit_two), 0);
}
END_TEST

/* ---- a whole call ---- */

static void call(void *unused)
{
    (void)unused;
    struct job *job = new_job();
    struct fan_report report;
    struct fan_thread *canceller = NULL;
    if (cancelled)
        fan_thread_spawn(NULL, cancel, &job->ctx, &canceller);
    int error = fan_out(&job->ctx, NULL, TASKS,
                        &(struct fan_work){.run = asynchronous ? NULL : run,
                                           .start = asynchronous ? start : NULL,
                                           .argument = job},
                        NULL, NULL, &job->options, &report);
    fan_thread_join(canceller);
    sim_program_must(report.done + report.failed + report.cancelled + report.dropped ==
                     report.submitted);
    sim_program_must((uint64_t)job->begun == report.submitted - report.cancelled);
    sim_program_must(error == (cancelled && error ? ECANCELED : hurried && error ? ETIMEDOUT : 0));
    sim_program_must(error || report.submitted == TASKS);
    fan_report_free(&report);
    free_job(job);
}

static uint64_t hunt(enum fan_grain grain)
{
    struct fan_random random = {.state = 11};
    uint64_t wrong = 0;
    fan_sim_backend_use(sim, grain);
    for (int i = 0; i < SCHEDULES; i++)
        wrong += sim_program_run(&(struct fan_strategy){&fan_strategy_random, &random}, call) !=
                     FAN_SIM_FINISHED ||
                 sim_program_notice();
    return wrong;
}

START_TEST(a_call_keeps_to_permits_and_time)
{
    int which = _i % 5;
    asynchronous = _i >= 5;
    panics = which == 1;
    cancelled = which == 2;
    hurried = which == 3;
    limited = which == 4;
    ck_assert_uint_eq(hunt(FAN_GRAIN_COARSE), 0);
    ck_assert_uint_eq(hunt(FAN_GRAIN_FINE), 0);
}
END_TEST

START_TEST(the_control_a_call_without_permits_does_not)
{
    bounded = false;
    asynchronous = _i;
    ck_assert_uint_gt(hunt(FAN_GRAIN_COARSE), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("stream_options");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, two_tasks_share_one_permit_in_every_schedule, 0, 8);
    tcase_add_loop_test(cases, who_gets_his_permit_too_late_is_not_begun_in_any_schedule, 0, 2);
    tcase_add_test(cases, the_control_without_permits_they_meet);
    tcase_add_loop_test(cases, a_call_keeps_to_permits_and_time, 0, 10);
    tcase_add_loop_test(cases, the_control_a_call_without_permits_does_not, 0, 2);
    return suite_run("stream_options", cases);
}
