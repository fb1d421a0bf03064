/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* A task and its second copy, in every schedule there is: the first success counts, once, and
 * nothing runs on. */
#define FAN_SIM
#include <errno.h>
#include <fan/fan.h>
#include <stdlib.h>
#include <string.h>

#include "flow/copies.h"
#include "flow/stream_state.h"
#include "run/sim_backend.h"
#include "tests/support/every_schedule.h"
#include "tests/support/sim_program.h"
#include "tests/support/suite.h"

enum { FIRST = 1, SECOND = 2 };

static struct fan_sim *sim;
static int errors[2]; /* what the copies return */
static bool panics;   /* the second one instead */
static bool cancelled, bounded;
static uint64_t cancelled_ns; /* after the begin */
static bool forgetful;        /* the control: a task that keeps what it should not */

struct job {
    struct fan_semaphore permits;
    struct fan_hedger hedger;
    struct fan_ctx ctx;
    int begun, running; /* atomic */
};

static void set_up(void)
{
    sim = sim_program_begin();
    errors[0] = errors[1] = 0;
    panics = cancelled = bounded = forgetful = false;
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

/* Both would end at the same moment: the second one is begun after a millisecond. */
static int run(void *state, struct fan_ctx *ctx, const void *task, void *result)
{
    struct job *job = state;
    (void)task;
    int which = fan_atomic_fetch_add(&job->begun, 1, FAN_SEQ_CST);
    int value = which ? SECOND : FIRST;
    fan_atomic_fetch_add(&job->running, 1, FAN_SEQ_CST);
    sim_program_must(which < 2);
    fan_sleep(which ? FAN_MILLISECOND : 2 * FAN_MILLISECOND, ctx);
    memcpy(result, &value, sizeof value);
    if (!forgetful || which == 0)
        fan_atomic_fetch_sub(&job->running, 1, FAN_SEQ_CST);
    if (which && panics)
        fan_panic("the second copy gives up");
    return errors[which];
}

static void cancel(void *argument)
{
    fan_sleep(cancelled_ns, NULL);
    fan_ctx_cancel(argument, 0);
}

static struct fan_stream *new_stream(struct job *job)
{
    struct fan_stream *stream = aligned_alloc(64, sizeof *stream);
    *stream = (struct fan_stream){
        .work = {.run = run, .argument = job, .result_size = sizeof(int)},
        .options = {.hedger = &job->hedger, .permits = bounded ? &job->permits : NULL},
        .inner = &job->ctx,
        .limit = 1,
        .references = 1,
    };
    stream->copies = fan_copies_new(stream);
    return stream;
}

static void check(const struct job *job, const struct fan_report *report, int error, int value)
{
    bool begun = error != FAN_NOT_BEGUN;
    sim_program_must(fan_atomic_load(&job->running, FAN_SEQ_CST) == 0);
    sim_program_must(job->begun == (int)report->hedges + begun);
    sim_program_must(report->hedges_won <= report->hedges);
    if (begun && error)
        sim_program_must(error == errors[0] && (report->hedges == 0 || errors[1] || panics));
    else if (begun)
        sim_program_must(value == (report->hedges_won ? SECOND : FIRST));
    else
        sim_program_must(cancelled);
}

static void program(void *unused)
{
    (void)unused;
    struct job *job = calloc(1, sizeof *job);
    struct fan_thread *canceller = NULL;
    int value = 0;
    fan_semaphore_init(&job->permits, "permits", 1);
    fan_hedger_init(&job->hedger, &(struct fan_hedger_options){.delay_ns = FAN_MILLISECOND,
                                                               .extra_percent = 100});
    fan_ctx_init(&job->ctx, NULL);
    struct fan_stream *stream = new_stream(job);
    if (cancelled)
        fan_thread_spawn(NULL, cancel, &job->ctx, &canceller);
    int error = fan_admit_run(stream, NULL, &value);
    fan_copies_close(stream->copies, false);
    fan_thread_join(canceller);
    check(job, &stream->report, error, value);
    sim_program_must(!bounded || stream->report.hedges == 0);
    fan_copies_free(stream->copies);
    fan_ctx_destroy(&job->ctx);
    fan_hedger_destroy(&job->hedger);
    fan_semaphore_destroy(&job->permits);
    free(stream);
    free(job);
}

START_TEST(the_first_success_counts_in_every_schedule)
{
    errors[0] = _i & 1 ? EDOM : 0;
    errors[1] = _i & 2 ? ERANGE : 0;
    ck_assert_uint_eq(every_schedule_count_wrong(sim, program), 0);
}
END_TEST

START_TEST(a_panic_of_the_second_copy_is_its_own)
{
    panics = true;
    errors[0] = _i ? EDOM : 0;
    ck_assert_uint_eq(every_schedule_count_wrong(sim, program), 0);
}
END_TEST

/* Before the second copy is begun, as it is, and as both end. */
START_TEST(a_cancel_may_come_at_any_moment)
{
    cancelled = true;
    cancelled_ns = (uint64_t)_i * FAN_MILLISECOND;
    ck_assert_uint_eq(every_schedule_count_wrong(sim, program), 0);
}
END_TEST

START_TEST(no_copy_is_begun_without_a_permit)
{
    bounded = true;
    ck_assert_uint_eq(every_schedule_count_wrong(sim, program), 0);
}
END_TEST

START_TEST(the_control_a_copy_that_seems_to_run_on_is_found)
{
    forgetful = true;
    ck_assert_uint_gt(every_schedule_count_wrong(sim, program), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("stream_hedge");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 30);
    tcase_add_loop_test(cases, the_first_success_counts_in_every_schedule, 0, 4);
    tcase_add_loop_test(cases, a_panic_of_the_second_copy_is_its_own, 0, 2);
    tcase_add_loop_test(cases, a_cancel_may_come_at_any_moment, 0, 3);
    tcase_add_test(cases, no_copy_is_begun_without_a_permit);
    tcase_add_test(cases, the_control_a_copy_that_seems_to_run_on_is_found);
    return suite_run("stream_hedge", cases);
}
