/* The caller's thread starts the attempts and hears of their ends through a channel with room for
 * all of them, so none waits there. What they share is freed by who leaves last: the caller, or an
 * attempt that runs on. A runner's fields are its thread's until it has sent its index; then the
 * caller's. */
#include "flow/hedge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow/block.h"
#include "run/atomic.h"
#include "run/thread.h"
#include "run/time.h"
#include "sync/chan.h"

struct runner {
    struct race *race;
    struct fan_hedge_attempt attempt;
    struct fan_thread *thread;
    void *result;
    int error;
    bool ended, failed;      /* heard of; and before it was decided */
    struct fan_panic *panic; /* NULL unless it has panicked */
};

struct race {
    struct fan_hedge_options options;
    uint64_t began_ns;
    uint64_t took_ns; /* until it was decided */
    struct fan_ctx ctx;
    struct fan_chan *ends; /* the index of each that has ended */
    size_t count;          /* constant */
    size_t started, ended; /* the caller's, as the next */
    size_t cancelled;      /* of the last ones: not to be begun any more */
    unsigned references;   /* atomic: the caller and each that runs */
    struct runner runners[];
};

/* ---- an attempt ---- */

static void release(struct race *race)
{
    if (fan_atomic_fetch_sub(&race->references, 1, FAN_ACQ_REL) > 1)
        return;
    for (size_t i = 0; i < race->started; i++)
        free(race->runners[i].panic);
    fan_ctx_destroy(&race->ctx);
    fan_chan_free(race->ends);
    free(race);
}

static void run(void *argument)
{
    struct runner *runner = argument;
    runner->error =
        runner->attempt.run(runner->attempt.argument, &runner->race->ctx, runner->result);
}

static void run_and_tell(void *argument)
{
    struct runner *runner = argument;
    struct race *race = runner->race;
    struct fan_panic panic;
    size_t index = (size_t)(runner - race->runners);
    if (!fan_recover(run, runner, &panic)) {
        runner->error = ENOTRECOVERABLE;
        runner->panic = malloc(sizeof panic);
        if (runner->panic)
            *runner->panic = panic;
    }
    fan_chan_try_send(race->ends, &index);
    release(race);
}

/* ---- the race ---- */

/* One block: what is shared, and each result on cache lines of its own. */
static struct race *new_race(struct fan_ctx *ctx, const struct fan_hedge_attempt *attempts,
                             size_t count, size_t result_size)
{
    size_t stride = 0, total = 0, results;
    if (!fan_block_add(&stride, 1, result_size, &results) ||
        !fan_block_add(&total, 1, sizeof(struct race) + count * sizeof(struct runner), &results) ||
        !fan_block_add(&total, count, stride, &results))
        return NULL;
    struct race *race = fan_block_new(total);
    if (!race)
        return NULL;
    memset(race, 0, total);
    race->ends = fan_chan_new("attempts' ends", sizeof(size_t), count);
    if (!race->ends) {
        free(race);
        return NULL;
    }
    race->count = count;
    race->references = 1;
    race->began_ns = fan_now_ns();
    fan_ctx_init(&race->ctx, &(struct fan_ctx_options){.name = "attempts", .parent = ctx});
    for (size_t i = 0; i < count; i++)
        race->runners[i] = (struct runner){
            .race = race,
            .attempt = attempts[i],
            .result = (char *)race + results + i * stride,
        };
    return race;
}

/* Starts the next one. If there is no thread for it, or no token, there is to be no further one. */
static int start_next(struct race *race)
{
    struct runner *runner = &race->runners[race->started];
    const char *name = race->options.name ? race->options.name : "attempt";
    int error = 0;
    if (race->started > 0 && race->options.budget && !fan_hedger_spend(race->options.budget))
        error = EAGAIN;
    fan_atomic_fetch_add(&race->references, 1, FAN_RELAXED);
    if (!error)
        error = fan_thread_spawn(&(struct fan_thread_options){.name = name}, run_and_tell, runner,
                                 &runner->thread);
    if (error) {
        fan_atomic_fetch_sub(&race->references, 1, FAN_RELAXED);
        race->cancelled = race->count - race->started;
        return error;
    }
    race->started++;
    return 0;
}

static bool has_next(const struct race *race)
{
    return race->started + race->cancelled < race->count;
}

static uint64_t due_ns(const struct race *race)
{
    uint64_t delay_ns = race->runners[race->started].attempt.delay_ns;
    return delay_ns < UINT64_MAX - race->began_ns ? race->began_ns + delay_ns : UINT64_MAX;
}

static bool is_due(const struct race *race)
{
    return race->ended == race->started || due_ns(race) <= fan_now_ns();
}

/* Waits until one has ended, whose runner it writes, or the deadline has passed: ETIMEDOUT. */
static int wait_for_end(struct race *race, uint64_t deadline_ns, struct fan_ctx *ctx,
                        struct runner **runner)
{
    struct fan_ctx until;
    size_t index;
    fan_ctx_init(&until, &(struct fan_ctx_options){.parent = ctx, .deadline_ns = deadline_ns});
    int error = fan_chan_recv(race->ends, &index, &until);
    fan_ctx_destroy(&until);
    if (error && fan_ctx_error(ctx))
        return fan_ctx_error(ctx);
    if (error && fan_chan_try_recv(race->ends, &index) != 0)
        return ETIMEDOUT;
    race->ended++;
    *runner = &race->runners[index];
    (*runner)->ended = true;
    return 0;
}

static int start_those_due(struct race *race)
{
    int error = 0;
    while (has_next(race) && is_due(race))
        error = start_next(race);
    return race->started ? 0 : error;
}

/* Waits until an attempt has ended or it is time for another one. What fails once the context is
 * done fails because of that. */
static int wait_for_news(struct race *race, struct fan_ctx *ctx, struct runner **winner)
{
    struct runner *ended = NULL;
    wait_for_end(race, has_next(race) ? due_ns(race) : 0, ctx, &ended);
    if (ended && ended->error == 0) {
        *winner = ended;
        return 0;
    }
    int done = fan_ctx_error(ctx);
    if (ended && !done)
        ended->failed = true;
    return done;
}

/* Goes on until one has succeeded, all have failed, or the context is done. */
static int run_race(struct race *race, struct fan_ctx *ctx, struct runner **winner)
{
    int error = 0;
    *winner = NULL;
    while (!error && !*winner) {
        error = start_those_due(race);
        if (!error && race->ended == race->started)
            error = race->runners[0].error;
        else if (!error)
            error = wait_for_news(race, ctx, winner);
    }
    race->took_ns = fan_now_ns() - race->began_ns;
    return error;
}

/* Cancels those that are still under way and waits for them. EBUSY: not all have ended in time. */
static int finish(struct race *race)
{
    struct runner *runner;
    uint64_t linger_ns = race->options.linger_ns;
    uint64_t deadline_ns = linger_ns ? fan_deadline_after(linger_ns) : 0;
    fan_ctx_cancel(&race->ctx, 0);
    while (race->ended < race->started)
        if (wait_for_end(race, deadline_ns, NULL, &runner) != 0)
            return EBUSY;
    return 0;
}

static void join_or_detach(struct race *race)
{
    for (size_t i = 0; i < race->started; i++)
        if (race->runners[i].ended)
            fan_thread_join(race->runners[i].thread);
        else
            fan_thread_detach(race->runners[i].thread);
}

/* ---- what came of it ---- */

static void report_failure(struct fan_report *report, const struct race *race, size_t index)
{
    const struct runner *runner = &race->runners[index];
    report->failed++;
    fan_report_errors(report, index, &runner->error, 1);
    if (runner->panic)
        fan_report_panic(report, index, runner->panic);
}

static void fill_in(struct fan_report *report, const struct race *race, const struct runner *winner)
{
    report->submitted = race->count;
    report->threads = race->started;
    report->done = winner != NULL;
    report->cancelled = race->count - race->started;
    for (size_t i = 0; i < race->started; i++)
        if (race->runners[i].failed)
            report_failure(report, race, i);
    report->dropped = race->started - report->failed - report->done;
}

/* ---- the calls ---- */

static bool are_valid(const struct fan_hedge_attempt *attempts, size_t count)
{
    for (size_t i = 0; attempts && i < count; i++)
        if (!attempts[i].run || (i > 0 && attempts[i].delay_ns < attempts[i - 1].delay_ns))
            return false;
    return attempts && count > 0;
}

/* As fan_hedge_tiers; also writes how long it took until it was decided. */
static int hold_race(struct fan_ctx *ctx, const struct fan_hedge_attempt *attempts, size_t count,
                     size_t result_size, const struct fan_hedge_options *options, void *result,
                     struct fan_report *report, uint64_t *took_ns)
{
    struct runner *winner;
    struct race *race = new_race(ctx, attempts, count, result_size);
    if (!race)
        return ENOMEM;
    if (options)
        race->options = *options;
    int error = run_race(race, ctx, &winner);
    int left = finish(race);
    join_or_detach(race);
    if (left)
        fan_ctx_detach(&race->ctx);
    if (winner && result_size)
        memcpy(result, winner->result, result_size);
    if (report)
        fill_in(report, race, winner);
    *took_ns = race->took_ns;
    release(race);
    return winner ? 0 : left ? left : error;
}

int fan_hedge_tiers(struct fan_ctx *ctx, const struct fan_hedge_attempt *attempts, size_t count,
                    size_t result_size, const struct fan_hedge_options *options, void *result,
                    struct fan_report *report)
{
    uint64_t took_ns;
    if (report)
        *report = (struct fan_report){0};
    if (!are_valid(attempts, count))
        return EINVAL;
    return hold_race(ctx, attempts, count, result_size, options, result, report, &took_ns);
}

int fan_hedge_first_success(struct fan_ctx *ctx, const struct fan_hedge_attempt *attempts,
                            size_t count, size_t result_size,
                            const struct fan_hedge_options *options, void *result,
                            struct fan_report *report)
{
    if (report)
        *report = (struct fan_report){0};
    if (!attempts || count == 0)
        return fan_hedge_tiers(ctx, attempts, count, result_size, options, result, report);
    struct fan_hedge_attempt *at_once = calloc(count, sizeof *at_once);
    if (!at_once)
        return ENOMEM;
    for (size_t i = 0; i < count; i++)
        at_once[i] = (struct fan_hedge_attempt){attempts[i].run, attempts[i].argument, 0};
    int error = fan_hedge_tiers(ctx, at_once, count, result_size, options, result, report);
    free(at_once);
    return error;
}

int fan_hedge(struct fan_ctx *ctx, struct fan_hedger *hedger,
              const struct fan_hedge_attempt *attempt, size_t result_size,
              const struct fan_hedge_options *options, void *result, struct fan_report *report)
{
    if (report)
        *report = (struct fan_report){0};
    if (!attempt || !attempt->run)
        return EINVAL;
    struct fan_hedge_options own = options ? *options : (struct fan_hedge_options){0};
    struct fan_hedge_attempt attempts[2] = {*attempt, *attempt};
    uint64_t took_ns;
    own.budget = hedger;
    attempts[0].delay_ns = 0;
    attempts[1].delay_ns = fan_hedger_begin(hedger);
    int error = hold_race(ctx, attempts, attempts[1].delay_ns ? 2 : 1, result_size, &own, result,
                          report, &took_ns);
    if (!error)
        fan_hedger_saw(hedger, took_ns);
    return error;
}
