/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* No task of the executor waits behind a slow one while a worker has nothing to do, though tasks
 * are taken in chunks: for no moment of virtual time, in any schedule that is tried. The detector
 * of bug 05 is the judge; what the executor does wrong without taking over, it sees (and
 * tests/sim/test_mutants.sh takes that out of the executor itself). */
#define FAN_SIM
#include <errno.h>
#include <fan/fan.h>
#include <stdlib.h>
#include <string.h>

#include "base/evidence.h"
#include "flow/stream.h"
#include "run/evidence.h"
#include "run/sim_backend.h"
#include "sim/dpor.h"
#include "sim/random.h"
#include "tests/support/sim_program.h"
#include "tests/support/suite.h"
#include "watch/detector.h"

enum { MOST = 16, SCHEDULES = 1500 };

struct job {
    uint64_t next, end;
    uint64_t put;
};

static struct fan_sim *sim;
static struct fan_evidence *evidence;

/* On the heap: what is static is put back between runs, for the ids of threads. */
static struct {
    struct fan_stream_options options;
    uint64_t tasks, slow_at, slow_too; /* these sleep; the others take no time */
    uint64_t stolen, shared;           /* tasks and schedules, over all */
} * the;

static void set_up(void)
{
    the = calloc(1, sizeof *the);
    evidence = calloc(1, sizeof *evidence);
    sim = sim_program_begin();
    evidence->contract.work = FAN_WORK_FOR_ANY_WORKER;
    evidence->virtual_time = 1;
    fan_evidence_collect(evidence);
    the->options = (struct fan_stream_options){.limit = 2, .queue = 8};
    the->tasks = MOST;
    the->slow_at = the->slow_too = MOST;
    sim_program_put_back();
}

static void tear_down(void)
{
    fan_evidence_collect(NULL);
    fan_sim_free(sim);
    free(evidence);
    free(the);
}

static int next(void *state, struct fan_ctx *ctx, void *task)
{
    struct job *job = state;
    (void)ctx;
    if (job->next == job->end)
        return ENODATA;
    memcpy(task, &job->next, sizeof job->next);
    job->next++;
    return 0;
}

static int run(void *unused, struct fan_ctx *ctx, const void *task, void *result)
{
    uint64_t number;
    (void)unused, (void)result;
    memcpy(&number, task, sizeof number);
    fan_evidence_note(FAN_FACT_BEGIN, number, 0, NULL);
    if (number == the->slow_at || number == the->slow_too)
        fan_sleep(20 * FAN_MILLISECOND, ctx);
    fan_evidence_note(FAN_FACT_DONE, number, 0, NULL);
    return 0;
}

static int put(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    struct job *job = state;
    (void)ctx, (void)result;
    job->put++;
    return 0;
}

static void work_through(uint64_t begin, uint64_t end, struct fan_stream_options how)
{
    struct job job = {.next = begin, .end = end};
    struct fan_report report;
    int error = fan_out_stream(NULL, &(struct fan_source){.next = next, .state = &job},
                               &(struct fan_work){.run = run, .task_size = sizeof(uint64_t)},
                               &(struct fan_sink){.put = put, .state = &job}, &how, &report);
    sim_program_must(error == 0 && job.put == end - begin);
    the->stolen += report.stolen;
    fan_report_free(&report);
}

static void stream(void *unused)
{
    (void)unused;
    work_through(0, the->tasks, the->options);
}

/* What is dealt out beforehand: each worker has a part, and comes to no other's. */
static void work_through_part(void *which)
{
    uint64_t length = the->tasks / (uint64_t)the->options.limit;
    uint64_t begin = (uintptr_t)which * length, item;
    struct fan_chan *part = fan_chan_new("part", sizeof item, MOST);
    for (uint64_t i = begin; i < begin + length; i++)
        fan_chan_send(part, &i, NULL);
    fan_chan_close(part);
    while (fan_chan_recv(part, &item, NULL) == 0)
        run(NULL, NULL, &item, NULL);
    fan_chan_free(part);
}

static void parts(void *unused)
{
    struct fan_thread *threads[MOST];
    (void)unused;
    for (int i = 0; i < the->options.limit; i++)
        sim_program_must(
            fan_thread_spawn(NULL, work_through_part, (void *)(uintptr_t)i, &threads[i]) == 0);
    for (int i = 0; i < the->options.limit; i++)
        fan_thread_join(threads[i]);
}

/* Two calls after each other: who has worked for the first is no idle worker of the second. */
static void two_streams(void *unused)
{
    (void)unused;
    work_through(0, 2, the->options);
    work_through(2, the->tasks, (struct fan_stream_options){.limit = 1, .queue = 8});
}

static uint64_t count(enum fan_fact_kind kind)
{
    uint64_t found = 0;
    for (uint32_t i = 0; i < fan_evidence_count(evidence); i++)
        found += evidence->facts[i].kind == (uint32_t)kind;
    return found;
}

/* What was found in a schedule that came to its end, or NULL. */
static const char *find(const struct fan_strategy *strategy, sim_program *program)
{
    static struct fan_breaches found;
    fan_evidence_forget(evidence);
    enum fan_sim_outcome outcome = sim_program_run(strategy, program);
    if (outcome == FAN_SIM_ABANDONED)
        return NULL;
    ck_assert_int_eq(outcome, FAN_SIM_FINISHED);
    ck_assert_msg(fan_evidence_is_whole(evidence), "%u facts, %u unseen, %u queues",
                  evidence->claimed, evidence->unseen, evidence->queues);
    ck_assert_uint_eq(count(FAN_FACT_BEGIN), the->tasks);
    ck_assert_uint_eq(count(FAN_FACT_TAKE), the->tasks);
    the->shared += count(FAN_FACT_MOVE) > 0;
    fan_detect(evidence, &found);
    return found.count ? found.breaches[0].summary : NULL;
}

static void silent(const struct fan_strategy *strategy, sim_program *program, uint32_t schedules)
{
    for (uint32_t i = 0; i < schedules; i++) {
        const char *said = find(strategy, program);
        ck_assert_msg(!said, "schedule %u, %d and %d slow: %s", i, (int)the->slow_at,
                      (int)the->slow_too, said);
    }
}

/* Wherever the slow ones lie; at both grains. */
static void silent_everywhere(sim_program *program)
{
    struct fan_random random = {.state = 11};
    for (uint32_t i = 0; i < SCHEDULES; i++) {
        the->slow_at = fan_random_below(&random, the->tasks);
        the->slow_too = fan_random_below(&random, the->tasks);
        sim_program_grain(i % 4 == 0 ? FAN_GRAIN_FINE : FAN_GRAIN_COARSE);
        silent(&(struct fan_strategy){&fan_strategy_random, &random}, program, 1);
    }
}

START_TEST(nothing_waits_while_a_worker_has_nothing_to_do)
{
    the->options.limit = _i;
    the->options.queue = 8 * _i;
    silent_everywhere(stream);
    ck_assert_uint_gt(the->stolen, 0);
    ck_assert_uint_gt(the->shared, SCHEDULES / 100);
}
END_TEST

/* The window is used up behind a slow task, so nobody may take more: but what has been taken is
 * done. */
START_TEST(nor_while_one_waits_for_its_turn_in_the_order)
{
    the->options.limit = _i;
    the->options.queue = 4 * _i;
    the->options.window = 1;
    the->options.ordered = true;
    silent_everywhere(stream);
    ck_assert_uint_gt(the->stolen, 0);
}
END_TEST

START_TEST(nor_in_any_schedule_of_a_small_call)
{
    struct fan_dpor *dpor = fan_dpor_new(NULL);
    struct fan_strategy strategy = {&fan_strategy_dpor, dpor};
    the->tasks = 3;
    the->slow_at = (uint64_t)_i;
    the->options.queue = 4;
    for (uint32_t i = 0; i < SCHEDULES; i++) {
        const char *said = find(&strategy, stream);
        ck_assert_msg(!said, "schedule %u: %s", i, said);
        if (!fan_strategy_dpor.end(dpor, sim))
            break;
    }
    fan_dpor_free(dpor);
}
END_TEST

START_TEST(who_worked_for_another_call_is_not_idle_in_this_one)
{
    silent_everywhere(two_streams);
}
END_TEST

START_TEST(what_nobody_takes_over_is_found)
{
    struct fan_random random = {.state = 5};
    uint32_t found = 0;
    the->slow_at = 2;
    for (uint32_t i = 0; i < 100; i++)
        found += find(&(struct fan_strategy){&fan_strategy_random, &random}, parts) != NULL;
    ck_assert_uint_eq(found, 100);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("head of line");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, nothing_waits_while_a_worker_has_nothing_to_do, 2, 5);
    tcase_add_loop_test(cases, nor_while_one_waits_for_its_turn_in_the_order, 2, 5);
    tcase_add_loop_test(cases, nor_in_any_schedule_of_a_small_call, 0, 3);
    tcase_add_test(cases, who_worked_for_another_call_is_not_idle_in_this_one);
    tcase_add_test(cases, what_nobody_takes_over_is_found);
    return suite_run("head of line", cases);
}
