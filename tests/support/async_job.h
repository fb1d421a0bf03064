#ifndef FAN_TESTS_SUPPORT_ASYNC_JOB_H
#define FAN_TESTS_SUPPORT_ASYNC_JOB_H

#include "flow/stream.h"
#include "sync/chan.h"

/* A stream of numbered asynchronous tasks and the loop that completes them, for tests of what
 * the executor promises for those. A task's result is its number's square. There is one in a
 * process. */

enum { ASYNC_JOB_MOST = 20000, ASYNC_JOB_NEVER = INT32_MAX };

struct async_job {
    uint64_t tasks;
    uint64_t source_fails_at, sink_leaves_at, panics_at, panics_late_at;
    uint64_t fails_every, fails_at_start_every, completes_itself_every; /* 0 = never */
    uint64_t source_waits_at, sink_waits_at, start_waits_at;
    struct fan_chan *hold;         /* they wait for this */
    uint64_t opens_hold_at;        /* which is opened when so many have been completed, */
    uint64_t sink_opens_hold_at;   /* or handed over, */
    uint64_t source_opens_hold_at; /* or taken */
    bool source_blocks;            /* and says so */
    uint64_t cancels_at;           /* the loop, when it has got so many tokens */
    bool cancel_waits, loop_waits; /* before that, and then, for `hold` */
    uint64_t loop_waits_at;        /* when it has completed so many */
    uint64_t loop_ends_with;       /* this task */
    bool times_out;                /* the loop lets each task wait for its deadline */
    bool deaf;                     /* a start does so without its context, and cancels the call */
    struct fan_chan *posts;        /* tokens for the loop */
    unsigned gathers;              /* completes only when it has so many, the latest first */
    bool is_impatient;             /* or when it would have to wait for more */
    bool interrupted;              /* atomic */
    int fails_with;                /* tasks that fail do so with this; 0 = ERANGE */
    uint64_t takes_ns;             /* the loop needs for each */
    uint64_t (*weight)(void *argument, const void *task);
    uint64_t at_once, most_at_once;       /* atomic: between start and completion */
    uint64_t weight_at_once, most_weight; /* atomic: the same, in weight */
    uint64_t began;                       /* atomic */
    uint64_t completed;                   /* the loop's */
    uint64_t completed_in[ASYNC_JOB_MOST];
    uint64_t given;
    uint64_t put_count; /* atomic */
    uint64_t most_kept; /* taken from the source and not yet handed over */
    uint64_t order[ASYNC_JOB_MOST];
    uint8_t seen[ASYNC_JOB_MOST];
    struct fan_ctx *ctx;
    struct fan_report report;
};

extern struct async_job async_job;

/* A job of 1000 tasks of which none does anything unusual; a test's fixture. */
void async_job_begin(void);
void async_job_end(void);

/* What the executor calls. */
int async_job_next(void *state, struct fan_ctx *ctx, void *task);
int async_job_start(void *argument, struct fan_ctx *ctx, const void *task, void *result,
                    struct fan_token token);
int async_job_put(void *state, struct fan_ctx *ctx, const struct fan_task_result *result);

/* The loop: completes what is posted until that is closed. An interrupt ends all that it knows
 * of. */
void async_job_loop(void *unused);

/* Makes the call; the same with the loop in a thread of its own, until the call is over; and
 * that with a context that is cancelled when the loop has got so many tokens. */
int async_job_run(struct fan_stream_options options);
int async_job_run_with_loop(struct fan_stream_options options);
int async_job_run_and_cancel(struct fan_stream_options options, uint64_t cancels_at);

/* Fails unless the report accounts for every task; unless the first `count` results, and no
 * others, were put once. */
void async_job_must_add_up(void);
void async_job_must_have_put(uint64_t count);

#endif
