#ifndef FAN_FLOW_STREAM_H
#define FAN_FLOW_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/hedger.h"
#include "flow/limiter.h"
#include "flow/report.h"
#include "flow/token.h"
#include "sync/ctx.h"
#include "sync/semaphore.h"

/* The executor for work that does not fit into memory: tasks are drawn from a source, run by at
 * most `limit` threads, and their results handed to a sink. What it holds is bounded by limit,
 * queue and window, whatever the number of tasks; a slow sink slows the source. Go's idiom is a
 * worker pool between two channels; elsewhere it is a bounded thread pool or a parallel pipeline
 * stage.
 *
 *     static int next(void *lines, struct fan_ctx *ctx, void *line);
 *     static int parse(void *unused, struct fan_ctx *ctx, const void *line, void *record);
 *     static int put(void *table, struct fan_ctx *ctx, const struct fan_task_result *result);
 *
 *     int error = fan_out_stream(ctx, &(struct fan_source){.next = next, .state = lines},
 *                                &(struct fan_work){.run = parse,
 *                                                   .task_size = sizeof(struct line),
 *                                                   .result_size = sizeof(struct record)},
 *                                &(struct fan_sink){.put = put, .state = table},
 *                                &(struct fan_stream_options){.limit = 8}, &report);
 *
 * A task's function is called by several threads at once. Source and sink are each called by one
 * thread at a time, though not always the same one, so neither needs a lock of its own. A panic in
 * one of them is no task's failure: it ends the program. */

/* Where tasks come from: writes the next one to `task`. Returns 0, or ENODATA when there are no
 * more, or another error, which ends the call with it once what was taken before is done. May
 * block, with `ctx`, which is done when the call is to end early.
 *
 * One that waits for a long time, for a channel or a connection, says so with `blocks`: then no
 * task that it has given waits for the one it gives next, and each is a chunk of its own, which
 * costs up to a microsecond. It costs a fraction of that from a source that `warns`: that returns
 * EAGAIN, "nothing more right now", before it waits. What it has given until then is begun, and
 * `next` called again, when the threads of the call have nothing else to do; that call may wait.
 * Nor does any result, of one that warns, wait for that of another task that was taken with it:
 * each is handed over when it is there, or its turn in the order has come. */
struct fan_source {
    int (*next)(void *state, struct fan_ctx *ctx, void *task);
    void *state;
    bool blocks;
    bool warns; /* it blocks, but never without having returned EAGAIN just before */
};

/* What is done with each task: 0, or the task's failure, an errno value or any other number but the
 * four least ints (INT_MIN to INT_MIN + 3), which are the executor's own. `ctx` is done when
 * the call is to end early; a function that takes long passes it on or looks at it. A panic inside
 * is the task's failure too: ENOTRECOVERABLE, with its stack in the report.
 *
 * A task blocks the thread that runs it, or is asynchronous: then `start` takes the place of `run`.
 * It returns 0 as soon as it has seen to it that the task's token will be completed (flow/token.h),
 * or an errno value if the task has failed at once; then the token is void. A call has `limit` of
 * them in flight with a thread or two. Its own threads never wait for a task, so somebody else
 * looks at the contexts: an event loop arms a timer for a context's deadline, and is told by
 * `interrupt`, once, when the call is to end early: called by some thread, while no start runs, it
 * makes the loop look, and complete soon what it need not go on with. A start may block, but holds
 * up others until that is noticed. Beside those in flight such a call holds, waiting for their
 * start or for the sink, no more tasks than window says in order, if that is given, and else queue
 * (0 = 4096). If a token is kept beyond linger_ns the call returns EBUSY, observers are told of the
 * first such task and of `start`, and the token is still to be completed: until then it keeps its
 * permits, and the memory of its task and result. */
struct fan_work {
    int (*run)(void *argument, struct fan_ctx *ctx, const void *task, void *result);
    void *argument;
    size_t task_size, result_size; /* bytes; 0 is allowed */

    /* For asynchronous tasks. */
    int (*start)(void *argument, struct fan_ctx *ctx, const void *task, void *result,
                 struct fan_token token);
    void (*interrupt)(void *argument); /* with `start`; may be NULL */

    /* What a task costs, where the options ask for it; called before it is begun. A panic is the
     * task's failure. */
    uint64_t (*weight)(void *argument, const void *task);   /* permits; NULL = 1 for each */
    uint64_t (*needs_ns)(void *argument, const void *task); /* time; NULL = what the options say */
};

/* The result of a task; valid during the call that hands it over. */
struct fan_task_result {
    uint64_t index;    /* the task's place in the source, from 0 */
    int error;         /* 0, or why the task failed or, ETIMEDOUT, was not begun; then `value`
                        * means nothing */
    const void *value; /* result_size bytes */
};

/* Where results go. Returns 0, or an errno value when the consumer wants no more: then the call
 * ends with that value, and this result counts as dropped, like those that were not handed over.
 * May block. */
struct fan_sink {
    int (*put)(void *state, struct fan_ctx *ctx, const struct fan_task_result *result);
    void *state;
    bool takes_failures; /* with FAN_BEST_EFFORT too */
    bool to_the_end;     /* those also that come after the call has been ended early, unless that
                          * was by the sink */
};

/* What a failing task means for the others. */
enum fan_policy {
    FAN_FAIL_FAST,   /* the first failure cancels the rest and is what the call returns */
    FAN_COLLECT_ALL, /* all run; failures are handed to the sink too, and listed in the report */
    FAN_BEST_EFFORT, /* all run; only successes are handed over, failures are counted */
};

struct fan_stream_options {
    const char *name; /* of the threads; NULL = "stream" */
    enum fan_policy policy;
    bool ordered;   /* results are handed over in the order of their tasks */
    int limit;      /* tasks that run at once; 0 = the number of processors; where no more threads
                     * are to be had, it goes on with those there are */
    int64_t queue;  /* taken from the source, not yet begun; 0 = 512 for each that runs, or 8192 */
    int64_t window; /* ordered: so many more, for results behind a slower one; 0 = as `queue` */
    uint64_t task_timeout_ns; /* each task's context is done that long after its begin; 0 = never */
    uint64_t linger_ns;       /* wait so long, after a cancel, for a task that runs on; 0 = for
                               * ever */

    /* What a task has to have before it is begun, and what helps it to an end; see below. */
    struct fan_semaphore *permits; /* it holds as many as it weighs while it runs; NULL = none */
    struct fan_limiter *limiter;   /* lets it in, and is told how it went; NULL = none */
    struct fan_hedger *hedger;     /* says when to run a second copy of it; NULL = never */
    uint64_t needs_ns;             /* time that must be left for it; 0 = any */
    uint64_t reserve_ns; /* for the join: its deadline lies that long before the caller's */
};

/* Permits are the caller's, and may serve many calls at once: that bounds what all of them together
 * have in flight, at a downstream for example. (Go: a weighted semaphore around each branch.) A
 * task has its permits before it is begun and gives them back when it has ended, by a panic too.
 * They come in the order in which they were asked for (sync/semaphore.h): behind a task that waits
 * for many, others wait that want few. A task that weighs 0 waits for nothing, also behind one that
 * does: what is left of that one's chunk is taken over. One that weighs more than there are permits
 * fails with EINVAL. A task that itself makes a call with the same permits, or limiter, may wait
 * for ever for what it holds.
 *
 * A limiter (flow/limiter.h) is the caller's, too, and serves all calls to one service: it is for
 * who does not know how many that bears. Each task, whatever it weighs, takes one of its permits
 * after those above, and tells it how long it took and with what error. `limit` is then no more
 * than the number of threads.
 *
 * So is a hedger (flow/hedger.h), one for all calls of a kind. It says after which time, fixed or
 * as long as most tasks take, a task is run a second time beside the first, and how many of a
 * hundred may be. The second copy gets the same task, and room of its own for the result. The first
 * success counts, and only its result is seen; the context of the other copy is cancelled, and the
 * task has ended when both have returned: a function that does not heed its context gains nothing.
 * If both fail, the first copy's error is the task's; a panic is the failure of its copy. This is
 * for tasks that may be run twice: that read, and change nothing. A second copy weighs what the
 * first does and passes the limiter, but does not wait: without room for it there is none. It runs
 * beyond `limit`, in a thread of the call's. The task counts once, the copy as a hedge. Not for
 * asynchronous tasks.
 *
 * All three live at least as long as any task that runs on (EBUSY).
 *
 * Time: a task's context has the caller's deadline less reserve_ns, or its own time-out if that
 * comes first. If less than what it needs is left until then, or nothing, it is not begun: "a
 * request with 50 ms left must not start a branch of 200 ms". Nor does it wait longer than until
 * then for permits. It counts as cancelled, is listed in the report with ETIMEDOUT, and a sink that
 * takes failures gets to know it by that error. With FAN_FAIL_FAST it ends the call with ETIMEDOUT.
 * With FAN_BEST_EFFORT and reserve_ns a call returns 0 by its deadline, with what was done by then,
 * if its tasks heed their context and hand-over takes no longer than the reserve. The source has
 * the tasks' context; with FAN_BEST_EFFORT and reserve_ns its ETIMEDOUT, when that context is done,
 * is no error. */

/* Runs every task of the source and hands over every result, then returns. Blocks. `ctx` may be
 * NULL, and so may `options`: then all are zero. What was submitted is done, failed, cancelled or
 * dropped, as the report (which may be NULL, and is to be freed otherwise) counts it.
 *
 * Returns 0; or with FAN_FAIL_FAST the first failure; with FAN_COLLECT_ALL the failure of the
 * lowest index that is listed (any, if there was no memory for a list); the source's or the sink's
 * error; ECANCELED or ETIMEDOUT, the context's; EBUSY if a task ran on beyond linger_ns: it keeps a
 * thread and the memory of its task and result until it returns, and observers are told which it
 * is, as a finding (cancel-ignored). Source, sink and interrupt are waited for in any case, before
 * that time begins, and not called any more. EINVAL: a negative limit, queue or window, no policy
 * that there is, no function, or a hedger with asynchronous tasks; EAGAIN, ENOMEM: no thread or no
 * memory could be had; then nothing was taken from the source.
 *
 * Threads take chunks of tasks from the source and hand over chunks of results, as large as takes
 * about 50 us, so that no task pays for a lock or a cache line of its own. A thread that has
 * nothing to do, for the source has no more or results wait for their turn in the order, at once
 * takes over half of what another has not begun. So no task waits behind a slow one while a thread
 * of the call is idle, but for the moment that it takes to look. A chunk is used again when its
 * results have been handed over, with its memory for tasks and results: what a call allocates does
 * not depend on how many tasks there are. */
int fan_out_stream(struct fan_ctx *ctx, const struct fan_source *source,
                   const struct fan_work *work, const struct fan_sink *sink,
                   const struct fan_stream_options *options, struct fan_report *report);

#endif
