/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free */
/* The rate limit in virtual time, where it can be held to the nanosecond. */
#define FAN_SIM
#include "flow/rate.h"

#include <errno.h>
#include <stdlib.h>

#include "run/atomic.h"
#include "run/thread.h"
#include "run/time.h"
#include "sim/random.h"
#include "sync/timer.h"
#include "tests/support/every_schedule.h"
#include "tests/support/sim_program.h"
#include "tests/support/suite.h"

enum { WORKERS = 3, EACH = 4, BURST = 2 };

static struct fan_sim *sim;
static uint64_t count; /* a second */

struct job {
    struct fan_rate rate;
    struct fan_ctx ctx;
    uint64_t began_ns, taken, last_ns;
};

static void set_up(void)
{
    sim = sim_program_begin();
    count = 100;
}

static void tear_down(void)
{
    fan_sim_free(sim);
}

static struct job *new_job(void)
{
    struct job *job = calloc(1, sizeof *job);
    sim_program_must(
        fan_rate_init(&job->rate, &(struct fan_rate_options){.count = count, .burst = BURST}) == 0);
    fan_ctx_init(&job->ctx, NULL);
    job->began_ns = fan_now_ns();
    return job;
}

static void free_job(struct job *job)
{
    fan_ctx_destroy(&job->ctx);
    fan_rate_destroy(&job->rate);
    free(job);
}

/* Who takes the n-th may do so at the earliest when n - BURST have been filled in. */
static void take(void *argument)
{
    struct job *job = argument;
    for (int i = 0; i < EACH; i++) {
        sim_program_must(fan_rate_take(&job->rate, 1, NULL) == 0);
        uint64_t taken = fan_atomic_fetch_add(&job->taken, 1, FAN_RELAXED) + 1;
        uint64_t filled_in = (fan_now_ns() - job->began_ns) * count / FAN_SECOND;
        sim_program_must(taken <= BURST + filled_in);
    }
}

static void work(void *unused)
{
    (void)unused;
    struct job *job = new_job();
    struct fan_thread *threads[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        sim_program_must(fan_thread_spawn(NULL, take, job, &threads[i]) == 0);
    for (int i = 0; i < WORKERS; i++)
        fan_thread_join(threads[i]);
    uint64_t ideal_ns = ((WORKERS * EACH - BURST) * FAN_SECOND + count - 1) / count;
    sim_program_must(fan_now_ns() - job->began_ns == ideal_ns);
    free_job(job);
}

/* 100 a second, and rates that do not divide a second. */
START_TEST(workers_keep_to_it_and_lose_nothing)
{
    static const uint64_t counts[] = {100, 3, 7, 999};
    struct fan_random random = {.state = (uint64_t)_i};
    struct fan_strategy strategy = {&fan_strategy_random, &random};
    count = counts[_i];
    for (int i = 0; i < 500; i++) {
        ck_assert_int_eq(sim_program_run(&strategy, work), FAN_SIM_FINISHED);
        ck_assert_ptr_null(sim_program_notice());
    }
}
END_TEST

static void take_and_be_cancelled(void *argument)
{
    struct job *job = argument;
    sim_program_must(fan_rate_take(&job->rate, 2, &job->ctx) == ECANCELED);
}

/* What a cancelled one has taken, others get: the next one has to wait for the first two only. */
static void give_up(void *unused)
{
    (void)unused;
    struct job *job = new_job();
    struct fan_thread *thread;
    sim_program_must(fan_rate_take(&job->rate, 2, NULL) == 0);
    sim_program_must(fan_thread_spawn(NULL, take_and_be_cancelled, job, &thread) == 0);
    fan_ctx_cancel(&job->ctx, 0);
    fan_thread_join(thread);
    sim_program_must(fan_rate_take(&job->rate, 1, NULL) == 0);
    sim_program_must(fan_now_ns() - job->began_ns == FAN_SECOND / count);
    free_job(job);
}

START_TEST(what_was_taken_in_vain_is_given_back)
{
    ck_assert_uint_eq(every_schedule_count_wrong(sim, give_up), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("rate");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, workers_keep_to_it_and_lose_nothing, 0, 4);
    tcase_add_test(cases, what_was_taken_in_vain_is_given_back);
    return suite_run("rate", cases);
}
