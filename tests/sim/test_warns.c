/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* A source that says "nothing more right now" before it waits. Here it gives tasks in bursts, and
 * waits until the results of all of them have been put: so what waits for the next task waits for
 * ever, and the schedule is found. */
#define FAN_SIM
#include <errno.h>
#include <fan/fan.h>
#include <stdlib.h>
#include <string.h>

#include "flow/stream.h"
#include "run/sim_backend.h"
#include "sim/random.h"
#include "tests/support/every_schedule.h"
#include "tests/support/sim_program.h"
#include "tests/support/suite.h"

enum { SCHEDULES = 120, BUSY_TASKS = 600 };

/* What the task `slow` waits for. */
enum waits_for { NOTHING, THOSE_OF_ITS_BURST, THOSE_BEFORE_IT, THE_NEXT_ONE };

static struct fan_sim *sim;
static struct fan_stream_options options;
static struct fan_source source;
static uint64_t tasks, burst, slow, most_put_before_slow;
static enum waits_for waits_for;

struct job {
    uint64_t given, in_burst, warnings;
    bool slow_is_done;
    uint64_t put;
    struct fan_chan *results,
        *good; /* a word for each that was put; and when the slow one may end */
    bool was_put[BUSY_TASKS];
};

static void set_up(void)
{
    sim = sim_program_begin();
    options = (struct fan_stream_options){.limit = 2, .queue = 16};
    source = (struct fan_source){.warns = true};
    tasks = 7, burst = 3, slow = UINT64_MAX, waits_for = NOTHING;
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

static int wait_until_all_are_put(struct job *job)
{
    for (uint64_t i = 0; i < job->in_burst; i++)
        fan_chan_recv(job->results, NULL, NULL);
    job->in_burst = 0;
    return 0;
}

/* It warns twice now and then. */
static int next(void *state, struct fan_ctx *ctx, void *task)
{
    struct job *job = state;
    (void)ctx;
    if (job->given == tasks || fan_atomic_load(&job->slow_is_done, FAN_RELAXED))
        return ENODATA;
    if (job->in_burst == burst) {
        if (source.warns && ++job->warnings % 3 != 0)
            return EAGAIN;
        wait_until_all_are_put(job);
    }
    memcpy(task, &job->given, sizeof job->given);
    job->given++;
    job->in_burst++;
    return 0;
}

static int run(void *state, struct fan_ctx *ctx, const void *task, void *result)
{
    struct job *job = state;
    uint64_t number;
    (void)ctx, (void)result;
    memcpy(&number, task, sizeof number);
    if (number == slow && waits_for != NOTHING)
        fan_chan_recv(job->good, NULL, NULL);
    return 0;
}

static uint64_t put_of_burst(const struct job *job, uint64_t end)
{
    uint64_t count = 0;
    for (uint64_t i = slow / burst * burst; i < end; i++)
        count += i != slow && job->was_put[i];
    return count;
}

static bool may_end(const struct job *job)
{
    uint64_t begin = slow / burst * burst;
    if (waits_for == THE_NEXT_ONE)
        return job->was_put[slow + 1];
    uint64_t end = waits_for == THOSE_BEFORE_IT ? slow
                   : begin + burst < tasks      ? begin + burst
                                                : tasks;
    return put_of_burst(job, end) == end - begin - (end > slow);
}

static int put(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    struct job *job = state;
    bool could = waits_for != NOTHING && may_end(job);
    sim_program_must(!options.ordered || result->index == job->put);
    sim_program_must(!job->was_put[result->index]);
    job->was_put[result->index] = true;
    job->put++;
    if (!could && waits_for != NOTHING && may_end(job)) {
        most_put_before_slow = job->put > most_put_before_slow ? job->put : most_put_before_slow;
        fan_chan_send(job->good, &(char){0}, ctx);
    }
    if (result->index == slow)
        fan_atomic_store(&job->slow_is_done, waits_for == THE_NEXT_ONE, FAN_RELAXED);
    return fan_chan_send(job->results, &(char){0}, ctx);
}

static void stream(void *unused)
{
    (void)unused;
    struct job *job = calloc(1, sizeof *job);
    struct fan_report report;
    struct fan_source from = source;
    from.next = next;
    from.state = job;
    job->results = fan_chan_new("results", 1, BUSY_TASKS);
    job->good = fan_chan_new("good", 1, 1);
    if (waits_for != NOTHING && may_end(job))
        fan_chan_send(job->good, &(char){0}, NULL);
    int error = fan_out_stream(
        NULL, &from, &(struct fan_work){.run = run, .argument = job, .task_size = sizeof(uint64_t)},
        &(struct fan_sink){.put = put, .state = job}, &options, &report);
    sim_program_must(error == 0 && job->put == job->given && report.done == job->given);
    sim_program_must(report.submitted == job->given);
    sim_program_must(job->given == tasks || job->slow_is_done);
    fan_report_free(&report);
    fan_chan_free(job->results);
    fan_chan_free(job->good);
    free(job);
}

static uint64_t count_wrong(void)
{
    uint64_t wrong = 0;
    for (uint32_t i = 0; i < SCHEDULES; i++) {
        struct fan_random random = {.state = i * 31 + 7};
        sim_program_grain(i % 4 == 0 ? FAN_GRAIN_FINE : FAN_GRAIN_COARSE);
        enum fan_sim_outcome outcome =
            sim_program_run(&(struct fan_strategy){&fan_strategy_random, &random}, stream);
        wrong += outcome != FAN_SIM_FINISHED || sim_program_notice();
    }
    return wrong;
}

START_TEST(no_task_waits_for_the_next_in_any_schedule)
{
    tasks = 2;
    burst = 1 + (uint64_t)_i / 2;
    options.limit = 1;
    options.ordered = _i % 2;
    ck_assert_uint_eq(every_schedule_count_wrong(sim, stream), 0);
}
END_TEST

START_TEST(nor_in_bursts)
{
    burst = (uint64_t)_i;
    tasks = 4 * burst + 1;
    for (int which = 0; which < 6; which++) {
        options.ordered = which & 1;
        options.limit = 1 + which / 2;
        ck_assert_uint_eq(count_wrong(), 0);
    }
}
END_TEST

/* The control: where nobody is warned, tasks are taken together, and wait. */
START_TEST(from_a_source_that_says_nothing_they_do)
{
    source.warns = false;
    source.blocks = _i;
    options.limit = 1;
    tasks = 12, burst = 5;
    ck_assert_int_eq(count_wrong() > 0, !_i);
}
END_TEST

START_TEST(a_slow_one_holds_up_neither_tasks_nor_results_that_were_taken_with_it)
{
    waits_for = THOSE_OF_ITS_BURST;
    burst = 5, tasks = 15;
    options.limit = 2 + _i % 2;
    for (slow = 0; slow < tasks; slow++)
        ck_assert_uint_eq(count_wrong(), 0);
}
END_TEST

START_TEST(in_order_it_does_not_hold_up_those_before_it)
{
    waits_for = THOSE_BEFORE_IT;
    options.ordered = true;
    burst = 5, tasks = 15;
    options.limit = 1 + _i;
    for (slow = 0; slow < tasks; slow++)
        ck_assert_uint_eq(count_wrong(), 0);
}
END_TEST

/* Without a pause in the source, so that nobody has nothing to do. */
START_TEST(what_has_been_overtaken_by_several_chunks_is_taken_over)
{
    waits_for = THE_NEXT_ONE;
    burst = UINT64_MAX, tasks = BUSY_TASKS;
    options.limit = 2 + _i;
    options.queue = 8 * options.limit;
    for (slow = 15; slow < 30; slow++)
        ck_assert_uint_eq(count_wrong(), 0);
    ck_assert_uint_lt(most_put_before_slow, BUSY_TASKS / 2);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("warns");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, no_task_waits_for_the_next_in_any_schedule, 0, 4);
    tcase_add_loop_test(cases, nor_in_bursts, 1, 4);
    tcase_add_loop_test(cases, from_a_source_that_says_nothing_they_do, 0, 2);
    tcase_add_loop_test(
        cases, a_slow_one_holds_up_neither_tasks_nor_results_that_were_taken_with_it, 0, 2);
    tcase_add_loop_test(cases, in_order_it_does_not_hold_up_those_before_it, 0, 2);
    tcase_add_loop_test(cases, what_has_been_overtaken_by_several_chunks_is_taken_over, 0, 2);
    return suite_run("warns", cases);
}
