#include "tests/support/async_job.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "run/atomic.h"
#include "run/thread.h"
#include "run/time.h"
#include "sync/timer.h"

/* A token on its way to the loop, and where its result goes. */
struct post {
    uint64_t number;
    void *result;
    struct fan_token token;
};

struct async_job async_job;

void async_job_begin(void)
{
    memset(&async_job, 0, sizeof async_job);
    async_job.posts = fan_chan_new("posts", sizeof(struct post), ASYNC_JOB_MOST);
    async_job.hold = fan_chan_new("hold", 1, 0);
    async_job.tasks = 1000;
    async_job.gathers = 1;
    async_job.source_fails_at = async_job.sink_leaves_at = async_job.panics_at =
        async_job.panics_late_at = ASYNC_JOB_NEVER;
    async_job.source_waits_at = async_job.sink_waits_at = async_job.start_waits_at =
        ASYNC_JOB_NEVER;
    async_job.loop_ends_with = ASYNC_JOB_NEVER;
    async_job.opens_hold_at = async_job.sink_opens_hold_at = async_job.source_opens_hold_at =
        ASYNC_JOB_NEVER;
}

void async_job_end(void)
{
    fan_report_free(&async_job.report);
    fan_thread_wait_all();
    fan_chan_free(async_job.posts);
    fan_chan_free(async_job.hold);
}

static bool is_every(uint64_t number, uint64_t every)
{
    return every && number % every == 0;
}

/* ---- the caller's functions ---- */

static void note_kept(uint64_t kept)
{
    async_job.most_kept = kept > async_job.most_kept ? kept : async_job.most_kept;
}

int async_job_next(void *state, struct fan_ctx *ctx, void *task)
{
    (void)state;
    if (async_job.given == async_job.source_fails_at)
        return EIO;
    if (async_job.given == async_job.tasks)
        return ENODATA;
    if (async_job.given == async_job.source_waits_at)
        ck_assert_int_eq(fan_chan_recv(async_job.hold, NULL, ctx), EPIPE);
    memcpy(task, &async_job.given, sizeof async_job.given);
    note_kept(++async_job.given - fan_atomic_load(&async_job.put_count, FAN_RELAXED));
    if (async_job.given == async_job.source_opens_hold_at)
        fan_chan_close(async_job.hold);
    return 0;
}

static void raise_to(uint64_t *most, uint64_t now)
{
    uint64_t before = fan_atomic_load(most, FAN_RELAXED);
    while (now > before &&
           !fan_atomic_compare_exchange(most, &before, now, FAN_RELAXED, FAN_RELAXED))
        continue;
}

static uint64_t weight_of(uint64_t number)
{
    return async_job.weight ? async_job.weight(NULL, &number) : 1;
}

static void note_begin(uint64_t number)
{
    uint64_t weight = weight_of(number);
    raise_to(&async_job.most_at_once, fan_atomic_fetch_add(&async_job.at_once, 1, FAN_RELAXED) + 1);
    raise_to(&async_job.most_weight,
             fan_atomic_fetch_add(&async_job.weight_at_once, weight, FAN_RELAXED) + weight);
    fan_atomic_fetch_add(&async_job.began, 1, FAN_RELAXED);
}

static void note_end(uint64_t number)
{
    fan_atomic_fetch_sub(&async_job.at_once, 1, FAN_RELAXED);
    fan_atomic_fetch_sub(&async_job.weight_at_once, weight_of(number), FAN_RELAXED);
}

static int failure(void)
{
    return async_job.fails_with ? async_job.fails_with : ERANGE;
}

static void complete(const struct post *post, int error)
{
    uint64_t square = post->number * post->number;
    memcpy(post->result, &square, sizeof square);
    note_end(post->number);
    fan_token_complete(post->token, error);
}

static int fail_now(uint64_t number)
{
    note_end(number);
    if (number == async_job.panics_at)
        fan_panic("task %d gives up", (int)number);
    return failure();
}

static void wait_in_start(struct fan_ctx *ctx)
{
    if (async_job.deaf)
        fan_ctx_cancel(async_job.ctx, 0);
    fan_chan_recv(async_job.hold, NULL, async_job.deaf ? NULL : ctx);
}

int async_job_start(void *argument, struct fan_ctx *ctx, const void *task, void *result,
                    struct fan_token token)
{
    struct post post = {.result = result, .token = token};
    (void)argument;
    memcpy(&post.number, task, sizeof post.number);
    note_begin(post.number);
    ck_assert_ptr_eq(fan_token_ctx(token), ctx);
    if (post.number == async_job.start_waits_at)
        wait_in_start(ctx);
    if (post.number == async_job.panics_at || is_every(post.number, async_job.fails_at_start_every))
        return fail_now(post.number);
    if (is_every(post.number, async_job.completes_itself_every))
        complete(&post, 0);
    else
        fan_chan_send(async_job.posts, &post, NULL);
    if (post.number == async_job.panics_late_at)
        fan_panic("task %d gives up late", (int)post.number);
    return 0;
}

static void interrupt(void *argument)
{
    (void)argument;
    fan_atomic_store(&async_job.interrupted, true, FAN_RELAXED);
    fan_chan_send(async_job.posts, &(struct post){.result = NULL}, NULL);
}

int async_job_put(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    (void)state;
    uint64_t value;
    if (async_job.put_count == async_job.sink_leaves_at)
        return EPIPE;
    if (async_job.put_count == async_job.sink_waits_at)
        ck_assert_int_eq(fan_chan_recv(async_job.hold, NULL, ctx), EPIPE);
    memcpy(&value, result->value, sizeof value);
    if (result->error == 0)
        ck_assert_uint_eq(value, result->index * result->index);
    async_job.seen[result->index]++;
    async_job.order[async_job.put_count] = result->index;
    fan_atomic_store(&async_job.put_count, async_job.put_count + 1, FAN_RELAXED);
    if (async_job.put_count == async_job.sink_opens_hold_at)
        fan_chan_close(async_job.hold);
    return 0;
}

/* ---- the loop ---- */

static int outcome_of(const struct post *post)
{
    struct fan_ctx *ctx = fan_token_ctx(post->token);
    if (async_job.takes_ns)
        fan_sleep(async_job.takes_ns, NULL);
    if (async_job.times_out)
        return fan_sleep(FAN_SECOND, ctx);
    if (fan_atomic_load(&async_job.interrupted, FAN_RELAXED))
        return fan_ctx_error(ctx);
    return is_every(post->number, async_job.fails_every) ? failure() : 0;
}

static void complete_latest_first(struct post *posts, unsigned *count)
{
    while (*count > 0) {
        struct post *post = &posts[--*count];
        complete(post, outcome_of(post));
        async_job.completed_in[async_job.completed++] = post->number;
        if (async_job.completed == async_job.opens_hold_at)
            fan_chan_close(async_job.hold);
        if (async_job.completed == async_job.loop_waits_at)
            fan_chan_recv(async_job.hold, NULL, NULL);
    }
}

/* What it has gathered is complete when all tasks have come, or, if it is impatient, when no
 * more are there. */
static bool is_time_to_complete(unsigned count)
{
    return count == async_job.gathers || async_job.completed + count == async_job.tasks ||
           (async_job.is_impatient && fan_chan_length(async_job.posts) == 0);
}

static void cancel_call(void)
{
    if (async_job.cancel_waits)
        fan_chan_recv(async_job.hold, NULL, NULL);
    fan_ctx_cancel(async_job.ctx, 0);
}

void async_job_loop(void *unused)
{
    struct post *posts = calloc(async_job.gathers, sizeof *posts);
    unsigned count = 0;
    uint64_t got = 0, number = ASYNC_JOB_MOST;
    (void)unused;
    while (number != async_job.loop_ends_with &&
           fan_chan_recv(async_job.posts, &posts[count], NULL) == 0) {
        bool wakes = posts[count].result == NULL;
        number = wakes ? ASYNC_JOB_MOST : posts[count++].number;
        if (!wakes && ++got == async_job.cancels_at)
            cancel_call();
        if (got == async_job.cancels_at && async_job.loop_waits)
            fan_chan_recv(async_job.hold, NULL, NULL);
        if (wakes || is_time_to_complete(count))
            complete_latest_first(posts, &count);
    }
    free(posts);
}

int async_job_run(struct fan_stream_options options)
{
    struct fan_source source = {.next = async_job_next, .blocks = async_job.source_blocks};
    struct fan_work work = {.start = async_job_start,
                            .interrupt = interrupt,
                            .weight = async_job.weight,
                            .task_size = sizeof(uint64_t),
                            .result_size = sizeof(uint64_t)};
    return fan_out_stream(async_job.ctx, &source, &work, &(struct fan_sink){.put = async_job_put},
                          &options, &async_job.report);
}

int async_job_run_with_loop(struct fan_stream_options options)
{
    struct fan_thread *loop;
    ck_assert_int_eq(fan_thread_spawn(NULL, async_job_loop, NULL, &loop), 0);
    int error = async_job_run(options);
    fan_chan_close(async_job.posts);
    fan_thread_join(loop);
    return error;
}

int async_job_run_and_cancel(struct fan_stream_options options, uint64_t cancels_at)
{
    struct fan_ctx ctx;
    fan_ctx_init(&ctx, NULL);
    async_job.ctx = &ctx;
    async_job.cancels_at = cancels_at;
    int error = async_job_run_with_loop(options);
    fan_ctx_destroy(&ctx);
    return error;
}

/* ---- what is to hold ---- */

void async_job_must_add_up(void)
{
    const struct fan_report *report = &async_job.report;
    ck_assert_uint_eq(report->submitted, async_job.given);
    ck_assert_uint_eq(report->done + report->failed + report->cancelled + report->dropped,
                      report->submitted);
}

void async_job_must_have_put(uint64_t count)
{
    ck_assert_uint_eq(async_job.put_count, count);
    for (uint64_t i = 0; i < count; i++)
        ck_assert_uint_eq(async_job.seen[i], 1);
}
