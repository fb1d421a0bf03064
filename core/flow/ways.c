#include "flow/ways.h"

#include <errno.h>
#include <stdlib.h>

#include "base/panic.h"
#include "flow/group.h"
#include "run/atomic.h"
#include "run/thread.h"
#include "sync/chan.h"
#include "sync/select.h"
#include "sync/semaphore.h"

/* What the three have in common: a task is an index into two arrays. */
struct call {
    const struct fan_work *work;
    const char *tasks;
    char *results;
    struct fan_ctx ctx; /* done at the first failure; group has its own */
};

struct job {
    struct call *call;
    size_t index;
    struct fan_ctx *ctx;
    int error;
};

static void run_inner(void *argument)
{
    struct job *job = argument;
    const struct fan_work *work = job->call->work;
    job->error =
        work->run(work->argument, job->ctx, job->call->tasks + job->index * work->task_size,
                  job->call->results + job->index * work->result_size);
}

static int run_task(struct job *job)
{
    return fan_recover(run_inner, job, NULL) ? job->error : ENOTRECOVERABLE;
}

static bool is_valid(const struct fan_work *work, int limit)
{
    return work && work->run && limit >= 1;
}

static void begin(struct call *call, struct fan_ctx *parent, const void *tasks,
                  const struct fan_work *work, void *results)
{
    *call = (struct call){.work = work, .tasks = tasks, .results = results};
    fan_ctx_init(&call->ctx, &(struct fan_ctx_options){.name = "call", .parent = parent});
}

static int first_of(int error, int later)
{
    return error ? error : later;
}

/* ---- channels and workers -------------------------------------------------------------------- */

struct pool {
    struct call call;
    struct fan_chan *indices, *outcomes;
};

struct outcome {
    size_t index;
    int error;
};

static void serve(void *argument)
{
    struct pool *pool = argument;
    struct outcome outcome;
    while (fan_chan_recv(pool->indices, &outcome.index, NULL) == 0) {
        struct job job = {.call = &pool->call, .index = outcome.index, .ctx = &pool->call.ctx};
        outcome.error = run_task(&job);
        fan_chan_send(pool->outcomes, &outcome, NULL);
    }
}

/* Sends and receives in one select: who only sent would fill the pool with outcomes that nobody
 * takes. After a failure it sends no more, and waits for what is under way. */
static int feed_and_collect(struct pool *pool, size_t count)
{
    size_t next = 0, under_way = 0, chosen;
    int error = 0;
    while (under_way > 0 || (next < count && !error)) {
        struct outcome outcome = {0};
        struct fan_select_case cases[] = {
            FAN_RECV(pool->outcomes, &outcome),
            FAN_SEND(next < count && !error ? pool->indices : NULL, &next),
            FAN_DONE(error ? NULL : &pool->call.ctx),
        };
        fan_select(cases, 3, NULL, &chosen);
        if (chosen == 1) {
            next++;
            under_way++;
            continue;
        }
        under_way -= chosen == 0;
        int failure = chosen == 0 ? outcome.error : cases[2].result;
        error = first_of(error, failure);
        if (error)
            fan_ctx_cancel(&pool->call.ctx, error);
    }
    return error;
}

/* Starts the workers and feeds them; without all of them it goes on with those that there are. */
static int run_pool(struct pool *pool, size_t count, struct fan_thread **workers, int limit)
{
    int started = 0, error = 0;
    while (started < limit && !error) {
        error = fan_thread_spawn(&(struct fan_thread_options){.name = "worker"}, serve, pool,
                                 &workers[started]);
        started += error == 0;
    }
    if (started > 0)
        error = feed_and_collect(pool, count);
    fan_chan_close(pool->indices);
    while (started > 0)
        fan_thread_join(workers[--started]);
    return error;
}

int fan_ways_channels(struct fan_ctx *ctx, const void *tasks, size_t count,
                      const struct fan_work *work, void *results, int limit)
{
    if (!is_valid(work, limit))
        return EINVAL;
    struct pool pool;
    struct fan_thread **workers = calloc((size_t)limit, sizeof(struct fan_thread *));
    pool.indices = fan_chan_new("indices", sizeof(size_t), 0);
    pool.outcomes = fan_chan_new("outcomes", sizeof(struct outcome), (size_t)limit);
    begin(&pool.call, ctx, tasks, work, results);
    bool allocated = workers && pool.indices && pool.outcomes;
    int error = allocated ? run_pool(&pool, count, workers, limit) : ENOMEM;
    fan_ctx_destroy(&pool.call.ctx);
    fan_chan_free(pool.outcomes);
    fan_chan_free(pool.indices);
    free(workers);
    return error;
}

/* One for each task, and not NULL for none. */
static struct job *new_jobs(size_t count)
{
    return calloc(count > 0 ? count : 1, sizeof(struct job));
}

/* ---- a task group with a limit --------------------------------------------------------------- */

static int run_in_group(void *argument, struct fan_ctx *ctx)
{
    struct job *job = argument;
    job->ctx = ctx;
    return run_task(job);
}

int fan_ways_group(struct fan_ctx *ctx, const void *tasks, size_t count,
                   const struct fan_work *work, void *results, int limit)
{
    if (!is_valid(work, limit))
        return EINVAL;
    struct fan_group_options options = {.parent = ctx, .limit = limit};
    struct fan_group group;
    struct call call = {.work = work, .tasks = tasks, .results = results};
    struct job *jobs = new_jobs(count);
    if (!jobs)
        return ENOMEM;
    fan_group_init(&group, &options);
    int error = 0;
    for (size_t i = 0; i < count && !error; i++) {
        jobs[i] = (struct job){.call = &call, .index = i};
        error = fan_group_go(&group, run_in_group, &jobs[i]);
    }
    int failure = fan_group_wait(&group);
    fan_group_destroy(&group);
    free(jobs);
    return first_of(failure, error);
}

/* ---- a semaphore ----------------------------------------------------------------------------- */

struct permits {
    struct call call;
    struct fan_semaphore semaphore;
    int failure; /* atomic: the first */
};

static void run_with_permit(void *argument)
{
    struct job *job = argument;
    struct permits *permits = (struct permits *)job->call;
    job->error = run_task(job);
    int none = 0;
    if (job->error &&
        fan_atomic_compare_exchange(&permits->failure, &none, job->error, FAN_RELAXED, FAN_RELAXED))
        fan_ctx_cancel(&permits->call.ctx, job->error);
    fan_semaphore_release(&permits->semaphore, 1);
}

static int start_with_permit(struct permits *permits, struct job *job)
{
    struct fan_thread *thread;
    struct fan_ctx *ctx = &permits->call.ctx;
    int error = fan_semaphore_acquire(&permits->semaphore, 1, ctx);
    if (error)
        return error;
    error = fan_thread_spawn(NULL, run_with_permit, job, &thread);
    if (error)
        fan_semaphore_release(&permits->semaphore, 1);
    else
        fan_thread_detach(thread);
    return error;
}

/* All have ended when all permits can be had. */
static void wait_for_permits(struct permits *permits)
{
    fan_semaphore_acquire(&permits->semaphore, permits->semaphore.permits, NULL);
    fan_semaphore_release(&permits->semaphore, permits->semaphore.permits);
}

int fan_ways_semaphore(struct fan_ctx *ctx, const void *tasks, size_t count,
                       const struct fan_work *work, void *results, int limit)
{
    if (!is_valid(work, limit))
        return EINVAL;
    struct permits permits = {.failure = 0};
    struct job *jobs = new_jobs(count);
    if (!jobs)
        return ENOMEM;
    begin(&permits.call, ctx, tasks, work, results);
    fan_semaphore_init(&permits.semaphore, "permits", (uint64_t)limit);
    int error = 0;
    for (size_t i = 0; i < count && !error; i++) {
        jobs[i] = (struct job){.call = &permits.call, .index = i, .ctx = &permits.call.ctx};
        error = start_with_permit(&permits, &jobs[i]);
    }
    wait_for_permits(&permits);
    error = first_of(permits.failure, error);
    fan_semaphore_destroy(&permits.semaphore);
    fan_ctx_destroy(&permits.call.ctx);
    free(jobs);
    return error;
}
