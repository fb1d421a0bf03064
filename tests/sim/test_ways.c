/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* Three ways to fan out, in every schedule of two tasks: results are all there and handed over in
 * order, a failure or a cancel ends the call, and no thread is left. */
#define FAN_SIM
#include <errno.h>
#include <fan/fan.h>
#include <stdlib.h>
#include <string.h>

#include "flow/ways.h"
#include "run/sim_backend.h"
#include "tests/support/every_schedule.h"
#include "tests/support/sim_program.h"
#include "tests/support/suite.h"

enum { TASKS = 2, NONE = -1 };

static int (*const ways[])(struct fan_ctx *, const void *, size_t, const struct fan_work *, void *,
                           int) = {fan_ways_channels, fan_ways_group, fan_ways_semaphore};
enum { WAYS = sizeof ways / sizeof ways[0] };

static struct fan_sim *sim;
static int way, failing, limit;
static bool cancelled;

static void set_up(void)
{
    sim = sim_program_begin();
    failing = NONE;
    limit = TASKS;
    cancelled = false;
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

static int increment(void *unused, struct fan_ctx *ctx, const void *task, void *result)
{
    (void)unused, (void)ctx;
    const int *number = task;
    int *sum = result;
    FAN_WRITE(*sum);
    *sum = *number + 1;
    return *number == failing ? ERANGE : 0;
}

static void cancel(void *argument)
{
    fan_ctx_cancel(argument, 0);
}

static void must_be_right(int error, const int *results)
{
    if (failing == NONE && !cancelled)
        sim_program_must(error == 0);
    else if (!cancelled)
        sim_program_must(error == ERANGE);
    else
        sim_program_must(error == 0 || error == ECANCELED || error == ERANGE);
    for (int i = 0; i < TASKS; i++) {
        FAN_READ(results[i]);
        sim_program_must(results[i] == i + 1 || error);
    }
}

static void call(void *unused)
{
    (void)unused;
    struct fan_ctx *ctx = calloc(1, sizeof *ctx);
    int *tasks = calloc(TASKS, sizeof *tasks), *results = calloc(TASKS, sizeof *results);
    struct fan_thread *canceller = NULL;
    for (int i = 0; i < TASKS; i++)
        tasks[i] = i;
    fan_ctx_init(ctx, NULL);
    if (cancelled)
        fan_thread_spawn(NULL, cancel, ctx, &canceller);
    int error =
        ways[way](ctx, tasks, TASKS,
                  &(struct fan_work){
                      .run = increment, .task_size = sizeof *tasks, .result_size = sizeof *results},
                  results, limit);
    must_be_right(error, results);
    fan_thread_join(canceller);
    fan_ctx_destroy(ctx);
    free(results);
    free(tasks);
    free(ctx);
}

START_TEST(every_result_is_there_in_every_schedule)
{
    way = _i;
    ck_assert_uint_eq(every_schedule_count_wrong(sim, call), 0);
}
END_TEST

START_TEST(a_failure_is_returned_in_every_schedule)
{
    way = _i;
    failing = 0;
    ck_assert_uint_eq(every_schedule_count_wrong(sim, call), 0);
}
END_TEST

/* With one worker: two make two and a half million schedules of it. */
START_TEST(a_cancel_may_come_at_any_moment)
{
    way = _i;
    limit = 1;
    cancelled = true;
    ck_assert_uint_eq(every_schedule_count_wrong(sim, call), 0);
}
END_TEST

/* The control: a thread for each task, and nobody waits for them. */
static void start_one(void *argument)
{
    int *results = argument;
    FAN_WRITE(results[0]);
    results[0] = 1;
}

static void forget_to_wait(void *unused)
{
    (void)unused;
    int *results = calloc(TASKS, sizeof *results);
    fan_go("task", start_one, results);
    FAN_READ(results[0]);
    sim_program_must(results[0] == 1);
}

START_TEST(who_does_not_wait_is_found)
{
    ck_assert_uint_gt(every_schedule_count_wrong(sim, forget_to_wait), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("ways");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, every_result_is_there_in_every_schedule, 0, WAYS);
    tcase_add_loop_test(cases, a_failure_is_returned_in_every_schedule, 0, WAYS);
    tcase_add_loop_test(cases, a_cancel_may_come_at_any_moment, 0, WAYS);
    tcase_add_test(cases, who_does_not_wait_is_found);
    return suite_run("ways", cases);
}
