/* LDFLAGS: -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc */
/* LDFLAGS: -Wl,--wrap=free,--wrap=pthread_create */
/* Each allocation and each start of a thread fails in turn: the n-th of them, for n = 1, 2, ...
 * until the scenario gets by without. Whatever failed says so, has changed nothing, and nothing is
 * left over. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "run/thread.h"
#include "sync/chan.h"
#include "sync/ctx.h"
#include "sync/waitgroup.h"
#include "tests/support/failing.h"
#include "tests/support/suite.h"
#include "tests/support/watch.h"

static void do_nothing(void *unused)
{
    (void)unused;
}

static bool is_shown(const char *name)
{
    struct fan_probe_object object;
    struct fan_probe_thread thread;
    return watch_object(name, &object) ||
           (watch_thread(name, &thread) && thread.state != FAN_STATE_DONE);
}

/* Calls the scenario with one failure after another; it returns its error. Returns how many
 * failures there were to have. The scenarios assert without Check, which would allocate too. */
static int fail_each_call(int (*scenario)(void))
{
    for (int n = 1;; n++) {
        int blocks_before = failing_blocks();
        failing_begin(n);
        int error = scenario();
        int failed = failing_end();
        fan_thread_wait_all();
        int blocks_after = failing_blocks();
        ck_assert_msg((error != 0) == (failed != 0), "failure %d: error %d", n, error);
        ck_assert_int_eq(blocks_after, blocks_before);
        ck_assert_uint_eq(fan_thread_count(), 0);
        if (!failed)
            return n - 1;
    }
}

static int make_channel(void)
{
    struct fan_chan *chan = fan_chan_new("chan", 8, 16);
    if (!chan)
        ASSERT_OFTEN(!is_shown("chan"));
    fan_chan_free(chan);
    return chan ? 0 : ENOMEM;
}

START_TEST(a_channel_is_there_whole_or_not_at_all)
{
    ck_assert_int_eq(fail_each_call(make_channel), 2);
}
END_TEST

static int spawn_one(void)
{
    int somewhere;
    struct fan_thread *untouched = (struct fan_thread *)&somewhere, *thread = untouched;
    int error =
        fan_thread_spawn(&(struct fan_thread_options){.name = "worker"}, do_nothing, NULL, &thread);
    if (error) {
        ASSERT_OFTEN(thread == untouched);
        ASSERT_OFTEN(!is_shown("worker"));
        ASSERT_OFTEN(error == ENOMEM || error == EAGAIN);
    } else {
        fan_thread_join(thread);
    }
    return error;
}

START_TEST(a_thread_is_there_or_not_at_all)
{
    ck_assert_int_eq(fail_each_call(spawn_one), 2);
}
END_TEST

static void go(void *unused)
{
    (void)unused;
    fan_go("goer", do_nothing, NULL);
}

static int go_one(void)
{
    struct fan_panic panic;
    if (fan_recover(go, NULL, &panic))
        return 0;
    ASSERT_OFTEN(strstr(panic.message, "cannot start thread goer: ") != NULL);
    ASSERT_OFTEN(!is_shown("goer"));
    return EAGAIN;
}

START_TEST(a_detached_thread_that_cannot_be_had_panics)
{
    ck_assert_int_eq(fail_each_call(go_one), 2);
}
END_TEST

/* A pool as a program would write it: two channels, workers, jobs in, results out. */
enum { WORKERS = 3, JOBS = 20 };

struct pool {
    struct fan_chan *jobs, *results;
    struct fan_thread *workers[WORKERS];
};

static void square_jobs(void *argument)
{
    struct pool *pool = argument;
    int job;
    while (fan_chan_recv(pool->jobs, &job, NULL) == 0)
        if (fan_chan_send(pool->results, &(int){job * job}, NULL))
            return;
}

static int start_workers(struct pool *pool)
{
    int error = 0;
    for (int i = 0; i < WORKERS && !error; i++)
        error = fan_thread_spawn(NULL, square_jobs, pool, &pool->workers[i]);
    return error;
}

static void use_workers(struct pool *pool)
{
    int sum = 0, result;
    for (int i = 0; i < JOBS; i++)
        ASSERT_OFTEN(fan_chan_send(pool->jobs, &i, NULL) == 0);
    for (int i = 0; i < JOBS; i++, sum += result)
        ASSERT_OFTEN(fan_chan_recv(pool->results, &result, NULL) == 0);
    ASSERT_OFTEN(sum == (JOBS - 1) * JOBS * (2 * JOBS - 1) / 6);
}

static int run_pool(void)
{
    struct pool pool = {.jobs = fan_chan_new("jobs", sizeof(int), JOBS),
                        .results = fan_chan_new("results", sizeof(int), JOBS)};
    int error = pool.jobs && pool.results ? start_workers(&pool) : ENOMEM;
    if (!error)
        use_workers(&pool);
    if (pool.jobs)
        fan_chan_close(pool.jobs);
    for (int i = 0; i < WORKERS; i++)
        fan_thread_join(pool.workers[i]);
    fan_chan_free(pool.jobs);
    fan_chan_free(pool.results);
    ASSERT_OFTEN(!is_shown("jobs"));
    ASSERT_OFTEN(!is_shown("results"));
    return error;
}

START_TEST(a_pool_survives_each_failure)
{
    ck_assert_int_eq(fail_each_call(run_pool), 2 * 2 + 2 * WORKERS);
}
END_TEST

/* What lives where its owner puts it, and blocks, needs no memory at all. */
static struct fan_waitgroup group;

static int use_what_needs_no_memory(void)
{
    struct fan_ctx ctx, child;
    fan_ctx_init(&ctx, NULL);
    fan_ctx_init(&child, &(struct fan_ctx_options){.name = "child", .parent = &ctx});
    fan_waitgroup_add(&group, 1);
    fan_ctx_cancel(&ctx, 0);
    ASSERT_OFTEN(fan_waitgroup_wait(&group, &child) == ECANCELED);
    fan_waitgroup_done(&group);
    ASSERT_OFTEN(fan_waitgroup_wait(&group, NULL) == 0);
    fan_waitgroup_destroy(&group);
    fan_ctx_destroy(&child);
    fan_ctx_destroy(&ctx);
    return 0;
}

START_TEST(what_lives_in_place_needs_no_memory)
{
    ck_assert_int_eq(fail_each_call(use_what_needs_no_memory), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("failures");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, watch_begin, NULL);
    tcase_add_test(cases, a_channel_is_there_whole_or_not_at_all);
    tcase_add_test(cases, a_thread_is_there_or_not_at_all);
    tcase_add_test(cases, a_detached_thread_that_cannot_be_had_panics);
    tcase_add_test(cases, a_pool_survives_each_failure);
    tcase_add_test(cases, what_lives_in_place_needs_no_memory);
    return suite_run("failures", cases);
}
