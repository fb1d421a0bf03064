/* Asynchronous tasks: what the executor promises for tasks that are completed by a token. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "base/random.h"
#include "flow/fanout.h"
#include "flow/stream.h"
#include "run/atomic.h"
#include "run/thread.h"
#include "run/time.h"
#include "sync/chan.h"
#include "sync/timer.h"
#include "tests/support/suite.h"

enum { HELD = 4, MOST = 20000, NEVER = INT32_MAX };

/* A token on its way to the loop, and where its result goes. */
struct post {
    uint64_t number;
    void *result;
    struct fan_token token;
};

/* A stream of numbered tasks, completed by a loop, and what it saw. */
struct job {
    uint64_t tasks;
    uint64_t source_fails_at, sink_leaves_at, panics_at, panics_late_at;
    uint64_t fails_every, fails_at_start_every, completes_itself_every; /* 0 = never */
    uint64_t source_waits_at, sink_waits_at, start_waits_at;
    struct fan_chan *hold;          /* they wait for this */
    uint64_t opens_hold_at;         /* which is opened when so many have been completed, */
    uint64_t sink_opens_hold_at;    /* or handed over, */
    uint64_t source_opens_hold_at;  /* or taken */
    bool source_blocks;             /* and says so */
    uint64_t cancels_at;            /* the loop, when it has got so many tokens */
    bool loop_waits;                /* then, for `hold` */
    uint64_t loop_ends_with;        /* this task */
    bool times_out;                 /* the loop lets each task wait for its deadline */
    bool deaf;                      /* a start does so without its context, and cancels the call */
    struct fan_chan *posts;         /* tokens for the loop */
    unsigned gathers;               /* completes only when it has so many, the latest first */
    bool is_impatient;              /* or when it would have to wait for more */
    bool interrupted;               /* atomic */
    unsigned at_once, most_at_once; /* atomic: between start and completion */
    uint64_t began;                 /* atomic */
    uint64_t completed;             /* the loop's */
    uint64_t given;
    uint64_t put_count; /* atomic */
    uint64_t most_kept; /* taken from the source and not yet handed over */
    uint64_t order[MOST];
    uint8_t seen[MOST];
    struct fan_ctx *ctx;
    struct fan_report report;
};

static struct job job;

static void set_up(void)
{
    memset(&job, 0, sizeof job);
    job.posts = fan_chan_new("posts", sizeof(struct post), MOST);
    job.hold = fan_chan_new("hold", 1, 0);
    job.tasks = 1000;
    job.gathers = 1;
    job.source_fails_at = job.sink_leaves_at = job.panics_at = job.panics_late_at = NEVER;
    job.source_waits_at = job.sink_waits_at = job.start_waits_at = NEVER;
    job.loop_ends_with = NEVER;
    job.opens_hold_at = job.sink_opens_hold_at = job.source_opens_hold_at = NEVER;
}

static void tear_down(void)
{
    fan_report_free(&job.report);
    fan_thread_wait_all();
    fan_chan_free(job.posts);
    fan_chan_free(job.hold);
}

static bool is_every(uint64_t number, uint64_t every)
{
    return every && number % every == 0;
}

/* ---- the caller's functions ---- */

static void note_kept(uint64_t kept)
{
    job.most_kept = kept > job.most_kept ? kept : job.most_kept;
}

static int next(void *state, struct fan_ctx *ctx, void *task)
{
    (void)state;
    if (job.given == job.source_fails_at)
        return EIO;
    if (job.given == job.tasks)
        return ENODATA;
    if (job.given == job.source_waits_at)
        ck_assert_int_eq(fan_chan_recv(job.hold, NULL, ctx), EPIPE);
    memcpy(task, &job.given, sizeof job.given);
    note_kept(++job.given - fan_atomic_load(&job.put_count, FAN_RELAXED));
    if (job.given == job.source_opens_hold_at)
        fan_chan_close(job.hold);
    return 0;
}

static void note_begin(void)
{
    unsigned now = fan_atomic_fetch_add(&job.at_once, 1, FAN_RELAXED) + 1;
    unsigned most = fan_atomic_load(&job.most_at_once, FAN_RELAXED);
    while (now > most &&
           !fan_atomic_compare_exchange(&job.most_at_once, &most, now, FAN_RELAXED, FAN_RELAXED))
        continue;
    fan_atomic_fetch_add(&job.began, 1, FAN_RELAXED);
}

static void complete(const struct post *post, int error)
{
    uint64_t square = post->number * post->number;
    memcpy(post->result, &square, sizeof square);
    fan_atomic_fetch_sub(&job.at_once, 1, FAN_RELAXED);
    fan_token_complete(post->token, error);
}

static int fail_now(uint64_t number)
{
    fan_atomic_fetch_sub(&job.at_once, 1, FAN_RELAXED);
    if (number == job.panics_at)
        fan_panic("task %d gives up", (int)number);
    return ERANGE;
}

static void wait_in_start(struct fan_ctx *ctx)
{
    if (job.deaf)
        fan_ctx_cancel(job.ctx, 0);
    fan_chan_recv(job.hold, NULL, job.deaf ? NULL : ctx);
}

static int start(void *argument, struct fan_ctx *ctx, const void *task, void *result,
                 struct fan_token token)
{
    struct post post = {.result = result, .token = token};
    (void)argument;
    memcpy(&post.number, task, sizeof post.number);
    note_begin();
    ck_assert_ptr_eq(fan_token_ctx(token), ctx);
    if (post.number == job.start_waits_at)
        wait_in_start(ctx);
    if (post.number == job.panics_at || is_every(post.number, job.fails_at_start_every))
        return fail_now(post.number);
    if (is_every(post.number, job.completes_itself_every))
        complete(&post, 0);
    else
        fan_chan_send(job.posts, &post, NULL);
    if (post.number == job.panics_late_at)
        fan_panic("task %d gives up late", (int)post.number);
    return 0;
}

static void interrupt(void *argument)
{
    (void)argument;
    fan_atomic_store(&job.interrupted, true, FAN_RELAXED);
    fan_chan_send(job.posts, &(struct post){.result = NULL}, NULL);
}

static int put(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    (void)state;
    uint64_t value;
    if (job.put_count == job.sink_leaves_at)
        return EPIPE;
    if (job.put_count == job.sink_waits_at)
        ck_assert_int_eq(fan_chan_recv(job.hold, NULL, ctx), EPIPE);
    memcpy(&value, result->value, sizeof value);
    if (result->error == 0)
        ck_assert_uint_eq(value, result->index * result->index);
    job.seen[result->index]++;
    job.order[job.put_count] = result->index;
    fan_atomic_store(&job.put_count, job.put_count + 1, FAN_RELAXED);
    if (job.put_count == job.sink_opens_hold_at)
        fan_chan_close(job.hold);
    return 0;
}

/* ---- the loop ---- */

static int outcome_of(const struct post *post)
{
    struct fan_ctx *ctx = fan_token_ctx(post->token);
    if (job.times_out)
        return fan_sleep(FAN_SECOND, ctx);
    if (fan_atomic_load(&job.interrupted, FAN_RELAXED))
        return fan_ctx_error(ctx);
    return is_every(post->number, job.fails_every) ? ERANGE : 0;
}

static void complete_latest_first(struct post *posts, unsigned *count)
{
    while (*count > 0) {
        struct post *post = &posts[--*count];
        complete(post, outcome_of(post));
        if (++job.completed == job.opens_hold_at)
            fan_chan_close(job.hold);
    }
}

/* What it has gathered is complete when all tasks have come, or, if it is impatient, when no more are
 * there. */
static bool is_time_to_complete(unsigned count)
{
    return count == job.gathers || job.completed + count == job.tasks ||
           (job.is_impatient && fan_chan_length(job.posts) == 0);
}

/* Completes what is posted until that ends. An interrupt ends all that it knows of. */
static void turn(void *unused)
{
    struct post *posts = calloc(job.gathers, sizeof *posts);
    unsigned count = 0;
    uint64_t got = 0, number = MOST;
    (void)unused;
    while (number != job.loop_ends_with && fan_chan_recv(job.posts, &posts[count], NULL) == 0) {
        bool wakes = posts[count].result == NULL;
        number = wakes ? MOST : posts[count++].number;
        if (!wakes && ++got == job.cancels_at)
            fan_ctx_cancel(job.ctx, 0);
        if (got == job.cancels_at && job.loop_waits)
            fan_chan_recv(job.hold, NULL, NULL);
        if (wakes || is_time_to_complete(count))
            complete_latest_first(posts, &count);
    }
    free(posts);
}

static void *turn_in_foreign_thread(void *unused)
{
    turn(unused);
    return NULL;
}

static int run(struct fan_stream_options options)
{
    struct fan_source source = {.next = next, .blocks = job.source_blocks};
    struct fan_work work = {.start = start,
                            .interrupt = interrupt,
                            .task_size = sizeof(uint64_t),
                            .result_size = sizeof(uint64_t)};
    return fan_out_stream(job.ctx, &source, &work, &(struct fan_sink){.put = put}, &options,
                          &job.report);
}

static int run_with_loop(struct fan_stream_options options)
{
    struct fan_thread *loop;
    ck_assert_int_eq(fan_thread_spawn(NULL, turn, NULL, &loop), 0);
    int error = run(options);
    fan_chan_close(job.posts);
    fan_thread_join(loop);
    return error;
}

/* ---- what is to hold ---- */

static void everything_is_accounted_for(void)
{
    const struct fan_report *report = &job.report;
    ck_assert_uint_eq(report->submitted, job.given);
    ck_assert_uint_eq(report->done + report->failed + report->cancelled + report->dropped,
                      report->submitted);
}

static void each_was_put_once(uint64_t count)
{
    ck_assert_uint_eq(job.put_count, count);
    for (uint64_t i = 0; i < count; i++)
        ck_assert_uint_eq(job.seen[i], 1);
}

START_TEST(every_task_is_completed_and_every_result_handed_over_once)
{
    job.tasks = MOST;
    job.completes_itself_every = 7;
    ck_assert_int_eq(run_with_loop((struct fan_stream_options){.limit = _i}), 0);
    each_was_put_once(MOST);
    ck_assert_uint_eq(job.report.done, MOST);
    ck_assert_uint_eq(job.began, MOST);
    everything_is_accounted_for();
}
END_TEST

/* The loop completes none before it has as many as may be in flight: so there are as many; and a
 * higher limit has more. */
START_TEST(as_many_tasks_are_in_flight_as_the_limit_says_and_no_more)
{
    unsigned limit = _i ? 250 : 10;
    job.gathers = limit;
    ck_assert_int_eq(run_with_loop((struct fan_stream_options){.limit = (int)limit}), 0);
    ck_assert_uint_eq(job.most_at_once, limit);
    ck_assert_uint_lt(job.report.threads, 25);
    each_was_put_once(job.tasks);
}
END_TEST

START_TEST(tasks_that_complete_themselves_need_no_loop)
{
    job.completes_itself_every = 1;
    ck_assert_int_eq(run((struct fan_stream_options){.limit = 3}), 0);
    ck_assert_uint_le(job.most_at_once, 3);
    each_was_put_once(job.tasks);
}
END_TEST

START_TEST(results_come_in_the_order_of_their_tasks_if_asked)
{
    job.gathers = 8;
    ck_assert_int_eq(
        run_with_loop((struct fan_stream_options){.limit = 8, .ordered = true, .window = _i}), 0);
    each_was_put_once(job.tasks);
    for (uint64_t i = 0; i < job.tasks; i++)
        ck_assert_uint_eq(job.order[i], i);
}
END_TEST

START_TEST(without_an_order_the_latest_completed_need_not_wait)
{
    job.gathers = 8;
    ck_assert_int_eq(run_with_loop((struct fan_stream_options){.limit = 8}), 0);
    ck_assert_uint_eq(job.order[0], 7);
}
END_TEST

START_TEST(an_empty_source_and_a_single_task_are_fine)
{
    job.tasks = (uint64_t)_i;
    ck_assert_int_eq(run_with_loop((struct fan_stream_options){.limit = 4, .ordered = _i}), 0);
    ck_assert_uint_eq(job.put_count, (uint64_t)_i);
}
END_TEST

START_TEST(a_foreign_thread_may_complete)
{
    pthread_t loop;
    ck_assert_int_eq(pthread_create(&loop, NULL, turn_in_foreign_thread, NULL), 0);
    ck_assert_int_eq(run((struct fan_stream_options){.limit = 16}), 0);
    fan_chan_close(job.posts);
    pthread_join(loop, NULL);
    each_was_put_once(job.tasks);
}
END_TEST

START_TEST(an_array_can_be_fanned_out)
{
    uint64_t tasks[100], results[100];
    struct fan_thread *loop;
    struct fan_work work = {
        .start = start, .task_size = sizeof tasks[0], .result_size = sizeof results[0]};
    for (uint64_t i = 0; i < 100; i++)
        tasks[i] = i;
    ck_assert_int_eq(fan_thread_spawn(NULL, turn, NULL, &loop), 0);
    ck_assert_int_eq(fan_out(NULL, tasks, 100, &work, results, NULL,
                             &(struct fan_stream_options){.limit = 5}, NULL),
                     0);
    fan_chan_close(job.posts);
    fan_thread_join(loop);
    for (uint64_t i = 0; i < 100; i++)
        ck_assert_uint_eq(results[i], i * i);
}
END_TEST

/* ---- failures ---- */

static void some_fail(int where)
{
    job.fails_every = where == 0 ? 10 : 0;
    job.fails_at_start_every = where == 0 ? 0 : 10;
}

START_TEST(fail_fast_returns_the_failure_and_begins_no_more)
{
    job.tasks = MOST;
    some_fail(_i);
    ck_assert_int_eq(run_with_loop((struct fan_stream_options){.limit = 2}), ERANGE);
    ck_assert_uint_ge(job.report.failed, 1);
    ck_assert_uint_lt(job.began, MOST);
    everything_is_accounted_for();
}
END_TEST

START_TEST(collect_all_runs_all_and_lists_the_failures)
{
    some_fail(_i);
    ck_assert_int_eq(
        run_with_loop((struct fan_stream_options){.limit = 4, .policy = FAN_COLLECT_ALL}), ERANGE);
    each_was_put_once(job.tasks);
    ck_assert_uint_eq(job.report.error_count, job.tasks / 10);
    for (size_t i = 0; i < job.report.error_count; i++) {
        ck_assert_uint_eq(job.report.errors[i].index, i * 10);
        ck_assert_int_eq(job.report.errors[i].error, ERANGE);
    }
    everything_is_accounted_for();
}
END_TEST

START_TEST(best_effort_hands_over_what_succeeded_and_counts_the_rest)
{
    some_fail(_i);
    ck_assert_int_eq(
        run_with_loop((struct fan_stream_options){.limit = 4, .policy = FAN_BEST_EFFORT}), 0);
    ck_assert_uint_eq(job.report.failed, job.tasks / 10);
    for (uint64_t i = 0; i < job.tasks; i++)
        ck_assert_uint_eq(job.seen[i], i % 10 != 0);
    everything_is_accounted_for();
}
END_TEST

static void task_300_has_panicked(const char *message)
{
    each_was_put_once(job.tasks);
    ck_assert_uint_eq(job.report.failed, 1);
    ck_assert_uint_eq(job.report.errors[0].index, 300);
    ck_assert_int_eq(job.report.errors[0].error, ENOTRECOVERABLE);
    ck_assert_ptr_nonnull(job.report.errors[0].panic);
    ck_assert_str_eq(job.report.errors[0].panic->message, message);
    everything_is_accounted_for();
}

START_TEST(a_panic_in_start_is_its_tasks_failure_and_its_stack_is_kept)
{
    job.panics_at = 300;
    ck_assert_int_eq(
        run_with_loop((struct fan_stream_options){.limit = 4, .policy = FAN_COLLECT_ALL}),
        ENOTRECOVERABLE);
    task_300_has_panicked("task 300 gives up");
}
END_TEST

START_TEST(a_panic_after_the_completion_is_a_failure_too)
{
    job.panics_late_at = 300;
    job.completes_itself_every = 300;
    ck_assert_int_eq(
        run_with_loop((struct fan_stream_options){.limit = 4, .policy = FAN_COLLECT_ALL}),
        ENOTRECOVERABLE);
    task_300_has_panicked("task 300 gives up late");
}
END_TEST

START_TEST(a_source_that_fails_ends_the_call_after_what_was_taken)
{
    job.source_fails_at = 500;
    ck_assert_int_eq(run_with_loop((struct fan_stream_options){.limit = 4}), EIO);
    each_was_put_once(500);
    everything_is_accounted_for();
}
END_TEST

START_TEST(a_consumer_that_leaves_ends_the_call)
{
    job.tasks = MOST;
    job.sink_leaves_at = 100;
    ck_assert_int_eq(run_with_loop((struct fan_stream_options){.limit = 4}), EPIPE);
    ck_assert_uint_eq(job.put_count, 100);
    ck_assert_uint_eq(job.report.done, 100);
    ck_assert_uint_gt(job.report.dropped, 0);
    everything_is_accounted_for();
}
END_TEST

/* ---- functions that block ---- */

START_TEST(a_source_that_waits_keeps_no_result_from_the_sink)
{
    job.tasks = 20;
    job.source_waits_at = 10;
    job.source_blocks = _i;
    job.sink_opens_hold_at = 10;
    ck_assert_int_eq(run_with_loop((struct fan_stream_options){.limit = 1}), 0);
    each_was_put_once(job.tasks);
}
END_TEST

START_TEST(a_sink_that_waits_keeps_no_task_from_its_start)
{
    job.tasks = 20;
    job.sink_waits_at = 0;
    job.opens_hold_at = 20;
    ck_assert_int_eq(run_with_loop((struct fan_stream_options){.limit = 2, .ordered = _i}), 0);
    each_was_put_once(job.tasks);
}
END_TEST

START_TEST(a_start_that_waits_keeps_no_others_waiting)
{
    job.tasks = 20;
    job.start_waits_at = 3;
    job.opens_hold_at = 16;
    ck_assert_int_eq(run_with_loop((struct fan_stream_options){.limit = 2}), 0);
    each_was_put_once(job.tasks);
}
END_TEST

/* What is taken from the source and not handed over is bounded, also where nobody takes results. */
START_TEST(no_more_is_kept_than_limit_and_queue)
{
    job.completes_itself_every = 1;
    job.sink_waits_at = 0;
    job.source_opens_hold_at = 50;
    ck_assert_int_eq(run_with_loop((struct fan_stream_options){.limit = 10, .queue = 40}), 0);
    each_was_put_once(job.tasks);
    ck_assert_uint_eq(job.most_kept, 50);
}
END_TEST

/* ---- the end ---- */

static int run_and_cancel(struct fan_stream_options options, uint64_t cancels_at)
{
    struct fan_ctx ctx;
    fan_ctx_init(&ctx, NULL);
    job.ctx = &ctx;
    job.cancels_at = cancels_at;
    int error = run_with_loop(options);
    fan_ctx_destroy(&ctx);
    return error;
}

START_TEST(a_cancel_interrupts_the_loop_and_no_more_are_begun)
{
    struct fan_stream_options options = {.limit = HELD, .policy = FAN_COLLECT_ALL};
    job.gathers = HELD + 1;
    ck_assert_int_eq(run_and_cancel(options, HELD), ECANCELED);
    ck_assert(job.interrupted);
    ck_assert_uint_eq(job.began, HELD);
    ck_assert_uint_eq(job.report.failed, HELD);
    for (int i = 0; i < HELD; i++)
        ck_assert_int_eq(job.report.errors[i].error, ECANCELED);
    everything_is_accounted_for();
}
END_TEST

START_TEST(a_context_that_is_done_begins_nothing)
{
    struct fan_ctx ctx;
    fan_ctx_init(&ctx, NULL);
    fan_ctx_cancel(&ctx, 0);
    job.ctx = &ctx;
    ck_assert_int_eq(run_with_loop((struct fan_stream_options){.limit = 4}), ECANCELED);
    ck_assert_uint_eq(job.given, 0);
    fan_ctx_destroy(&ctx);
}
END_TEST

START_TEST(a_deadline_interrupts_the_loop)
{
    struct fan_ctx ctx;
    fan_ctx_init(&ctx,
                 &(struct fan_ctx_options){.deadline_ns = fan_deadline_after(5 * FAN_MILLISECOND)});
    job.ctx = &ctx;
    job.gathers = HELD + 1;
    ck_assert_int_eq(run_with_loop((struct fan_stream_options){.limit = HELD}), ETIMEDOUT);
    ck_assert_uint_eq(job.report.failed, job.began);
    everything_is_accounted_for();
    fan_ctx_destroy(&ctx);
}
END_TEST

START_TEST(a_call_may_end_at_any_moment)
{
    struct fan_random random = {.state = 1};
    for (int round = 0; round < 200; round++) {
        tear_down();
        set_up();
        job.tasks = 300;
        job.is_impatient = true;
        job.gathers = 1 + (unsigned)fan_random_below(&random, 8);
        job.fails_every = round % 5 == 0 ? 1 + fan_random_below(&random, 200) : 0;
        job.completes_itself_every = 1 + fan_random_below(&random, 5);
        job.sink_leaves_at = round % 7 == 0 ? fan_random_below(&random, 200) : NEVER;
        struct fan_stream_options options = {.limit = 1 + (int)fan_random_below(&random, 12),
                                             .window = 1 + (int)fan_random_below(&random, 20),
                                             .ordered = fan_random_below(&random, 2),
                                             .policy = (enum fan_policy)(round % 3)};
        run_and_cancel(options, 1 + fan_random_below(&random, 250));
        everything_is_accounted_for();
        ck_assert_uint_le(job.most_at_once, (unsigned)options.limit);
    }
}
END_TEST

/* The loop keeps its tokens, whatever the context says, and completes them when the call is over. */
START_TEST(the_call_returns_though_tokens_are_kept)
{
    struct fan_thread *loop;
    struct fan_ctx ctx;
    struct fan_stream_options options = {
        .limit = HELD, .linger_ns = FAN_MILLISECOND, .ordered = _i & 1};
    fan_ctx_init(&ctx, NULL);
    job.ctx = &ctx;
    job.cancels_at = HELD;
    job.gathers = HELD;
    job.loop_waits = true;
    options.task_timeout_ns = _i & 2 ? FAN_SECOND : 0;
    ck_assert_int_eq(fan_thread_spawn(NULL, turn, NULL, &loop), 0);
    ck_assert_int_eq(run(options), EBUSY);
    fan_ctx_destroy(&ctx);
    everything_is_accounted_for();
    ck_assert_uint_eq(job.report.dropped, HELD);
    fan_chan_close(job.hold);
    fan_chan_close(job.posts);
    fan_thread_join(loop);
    ck_assert_uint_eq(job.completed, HELD);
    ck_assert_uint_eq(job.put_count, 0);
}
END_TEST

/* One task's start runs on beyond the call, and its token is completed later still. */
START_TEST(the_call_returns_though_a_start_runs_on)
{
    struct fan_thread *loop;
    struct fan_ctx ctx;
    fan_ctx_init(&ctx, NULL);
    job.ctx = &ctx;
    job.deaf = true;
    job.start_waits_at = 2;
    job.loop_ends_with = 2;
    ck_assert_int_eq(fan_thread_spawn(NULL, turn, NULL, &loop), 0);
    ck_assert_int_eq(run((struct fan_stream_options){.limit = 3, .linger_ns = FAN_MILLISECOND}),
                     EBUSY);
    fan_ctx_destroy(&ctx);
    everything_is_accounted_for();
    ck_assert_uint_ge(job.report.dropped, 1);
    fan_chan_close(job.hold);
    fan_thread_join(loop);
}
END_TEST

/* Each task waits for its own deadline, which its context has. */
START_TEST(a_task_has_a_deadline_of_its_own)
{
    job.tasks = 8;
    job.times_out = true;
    ck_assert_int_eq(run_with_loop((struct fan_stream_options){.limit = 4,
                                                               .policy = FAN_COLLECT_ALL,
                                                               .task_timeout_ns = FAN_MILLISECOND}),
                     ETIMEDOUT);
    ck_assert_uint_eq(job.report.failed, 8);
    ck_assert(!job.interrupted);
    each_was_put_once(8);
}
END_TEST

/* ---- misuse ---- */

static void complete_again(void *token)
{
    fan_token_complete(*(struct fan_token *)token, 0);
}

static bool is_misuse(struct fan_token token)
{
    struct fan_panic panic;
    return !fan_recover(complete_again, &token, &panic) && panic.kind == FAN_PANIC_MISUSE;
}

struct misuse {
    struct fan_token kept; /* of task 0 */
    int fails;             /* task 0, at its start */
    bool at_once, later;   /* what was found out */
};

static int start_and_misuse(void *argument, struct fan_ctx *ctx, const void *task, void *result,
                            struct fan_token token)
{
    struct misuse *misuse = argument;
    uint64_t number;
    (void)ctx, (void)result;
    memcpy(&number, task, sizeof number);
    if (number > 0) {
        misuse->later = is_misuse(misuse->kept);
        fan_token_complete(token, 0);
        return 0;
    }
    misuse->kept = token;
    if (misuse->fails)
        return misuse->fails;
    fan_token_complete(token, 0);
    misuse->at_once = is_misuse(token);
    return 0;
}

static int put_anything(void *state, struct fan_ctx *ctx, const struct fan_task_result *result)
{
    (void)state, (void)ctx, (void)result;
    return 0;
}

static int run_and_misuse(struct misuse *misuse)
{
    struct fan_work work = {.start = start_and_misuse,
                            .argument = misuse,
                            .task_size = sizeof(uint64_t),
                            .result_size = sizeof(uint64_t)};
    job.tasks = 50;
    return fan_out_stream(
        NULL, &(struct fan_source){.next = next}, &work, &(struct fan_sink){.put = put_anything},
        &(struct fan_stream_options){.limit = 1, .queue = 1, .policy = FAN_BEST_EFFORT},
        &job.report);
}

START_TEST(a_second_completion_panics_at_once_and_long_after)
{
    struct misuse misuse = {.fails = 0};
    ck_assert_int_eq(run_and_misuse(&misuse), 0);
    ck_assert(misuse.at_once);
    ck_assert(misuse.later);
    ck_assert_uint_eq(job.report.done, 50);
}
END_TEST

START_TEST(a_task_that_failed_at_its_start_is_not_to_be_completed)
{
    struct misuse misuse = {.fails = ERANGE};
    ck_assert_int_eq(run_and_misuse(&misuse), 0);
    ck_assert(misuse.later);
    ck_assert_uint_eq(job.report.done, 49);
    ck_assert_uint_eq(job.report.failed, 1);
}
END_TEST

static int start_both(void *argument, struct fan_ctx *ctx, const void *task, void *result,
                      struct fan_token token)
{
    (void)argument, (void)ctx, (void)task, (void)result;
    fan_token_complete(token, 0);
    return ERANGE;
}

START_TEST(a_task_that_is_completed_and_fails_has_panicked)
{
    struct fan_work work = {
        .start = start_both, .task_size = sizeof(uint64_t), .result_size = sizeof(uint64_t)};
    job.tasks = 1;
    ck_assert_int_eq(fan_out_stream(NULL, &(struct fan_source){.next = next}, &work,
                                    &(struct fan_sink){.put = put}, &(struct fan_stream_options){0},
                                    &job.report),
                     ENOTRECOVERABLE);
    ck_assert_int_eq(job.report.errors[0].panic->kind, FAN_PANIC_MISUSE);
}
END_TEST

static int run_both(void *argument, struct fan_ctx *ctx, const void *task, void *result)
{
    (void)argument, (void)ctx, (void)task, (void)result;
    return 0;
}

START_TEST(a_task_either_blocks_or_is_asynchronous)
{
    struct fan_work work = {.start = start, .run = run_both};
    ck_assert_int_eq(fan_out_stream(NULL, &(struct fan_source){.next = next}, &work,
                                    &(struct fan_sink){.put = put}, &(struct fan_stream_options){0},
                                    NULL),
                     EINVAL);
}
END_TEST

START_TEST(without_a_thread_nothing_is_taken)
{
    fan_thread_set_budget(1);
    fan_go("loop", turn, NULL);
    ck_assert_int_eq(run((struct fan_stream_options){.limit = 8}), EAGAIN);
    ck_assert_uint_eq(job.given, 0);
    fan_chan_close(job.posts);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("async");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 30);
    tcase_add_loop_test(cases, every_task_is_completed_and_every_result_handed_over_once, 0, 9);
    tcase_add_loop_test(cases, as_many_tasks_are_in_flight_as_the_limit_says_and_no_more, 0, 2);
    tcase_add_test(cases, tasks_that_complete_themselves_need_no_loop);
    tcase_add_loop_test(cases, results_come_in_the_order_of_their_tasks_if_asked, 0, 3);
    tcase_add_test(cases, without_an_order_the_latest_completed_need_not_wait);
    tcase_add_loop_test(cases, an_empty_source_and_a_single_task_are_fine, 0, 2);
    tcase_add_test(cases, a_foreign_thread_may_complete);
    tcase_add_test(cases, an_array_can_be_fanned_out);
    tcase_add_loop_test(cases, fail_fast_returns_the_failure_and_begins_no_more, 0, 2);
    tcase_add_loop_test(cases, collect_all_runs_all_and_lists_the_failures, 0, 2);
    tcase_add_loop_test(cases, best_effort_hands_over_what_succeeded_and_counts_the_rest, 0, 2);
    tcase_add_test(cases, a_panic_in_start_is_its_tasks_failure_and_its_stack_is_kept);
    tcase_add_test(cases, a_panic_after_the_completion_is_a_failure_too);
    tcase_add_test(cases, a_source_that_fails_ends_the_call_after_what_was_taken);
    tcase_add_test(cases, a_consumer_that_leaves_ends_the_call);
    tcase_add_loop_test(cases, a_source_that_waits_keeps_no_result_from_the_sink, 0, 2);
    tcase_add_loop_test(cases, a_sink_that_waits_keeps_no_task_from_its_start, 0, 2);
    tcase_add_test(cases, a_start_that_waits_keeps_no_others_waiting);
    tcase_add_test(cases, no_more_is_kept_than_limit_and_queue);
    tcase_add_test(cases, a_cancel_interrupts_the_loop_and_no_more_are_begun);
    tcase_add_test(cases, a_context_that_is_done_begins_nothing);
    tcase_add_test(cases, a_deadline_interrupts_the_loop);
    tcase_add_test(cases, a_call_may_end_at_any_moment);
    tcase_add_loop_test(cases, the_call_returns_though_tokens_are_kept, 0, 4);
    tcase_add_test(cases, the_call_returns_though_a_start_runs_on);
    tcase_add_test(cases, a_task_has_a_deadline_of_its_own);
    tcase_add_test(cases, a_second_completion_panics_at_once_and_long_after);
    tcase_add_test(cases, a_task_that_failed_at_its_start_is_not_to_be_completed);
    tcase_add_test(cases, a_task_that_is_completed_and_fails_has_panicked);
    tcase_add_test(cases, a_task_either_blocks_or_is_asynchronous);
    tcase_add_test(cases, without_a_thread_nothing_is_taken);
    return suite_run("async", cases);
}
