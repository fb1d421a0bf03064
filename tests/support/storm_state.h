#ifndef FAN_TESTS_SUPPORT_STORM_STATE_H
#define FAN_TESTS_SUPPORT_STORM_STATE_H

#include <errno.h>

#include "run/time.h"
#include "sync/chan.h"
#include "sync/ctx.h"
#include "sync/semaphore.h"
#include "sync/waitgroup.h"
#include "tests/support/storm.h"

enum { STORM_COPIES = 2 }; /* of a task, at most */

/* A storm that is under way: what the user's side does and counts (storm.c), and by what it is
 * judged (storm_judge.c). */
struct storm {
    const struct storm_plan *plan;
    struct storm_seen *seen;
    struct fan_ctx outer, ctx;
    struct fan_chan *never; /* nothing comes from it */
    struct fan_semaphore permits;
    struct fan_limiter limiter;
    struct fan_hedger hedger;
    struct fan_stream_options options; /* the plan's, with these */
    struct fan_waitgroup moment;       /* is 0 once the canceller is to act */
    struct fan_thread *beside;
    bool fired;          /* atomic: somebody has seen to that */
    bool cancels;        /* before it is fired: whether that is a cancel */
    bool cancelled;      /* atomic */
    uint64_t operations; /* atomic, as are all that follow unless they say otherwise */
    uint64_t ended_ns;
    const char *complaint;
    bool returned;
    bool at_source, at_sink;
    uint64_t warned_at, warnings; /* by the source: before which task, how often */
    uint64_t permits_out;
    uint64_t late, heavy; /* listed in the report, and not begun */
    uint64_t stopper;     /* the thread whose task or sink has ended the call */
    uint64_t given, begun, at_once;
    uint64_t put_well, put, last_put; /* at the sink */
    int source_error;
    bool sink_left;
    uint8_t runs[STORM_TASKS], puts[STORM_TASKS];
    int errors[STORM_COPIES][STORM_TASKS]; /* what a task, or its second copy, has returned */
};

#define LOAD(field)         __atomic_load_n(&(field), __ATOMIC_SEQ_CST)
#define STORE(field, value) __atomic_store_n(&(field), (value), __ATOMIC_SEQ_CST)
#define ADD(field, amount)  __atomic_add_fetch(&(field), (amount), __ATOMIC_SEQ_CST)

/* The first complaint counts. */
static inline void must(struct storm *storm, bool holds, const char *what)
{
    const char *none = NULL;
    if (!holds)
        __atomic_compare_exchange_n(&storm->complaint, &none, what, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST);
}

static inline unsigned limit_of(const struct storm_plan *plan)
{
    return plan->options.limit ? (unsigned)plan->options.limit : 1024;
}

static inline bool may_be_copied(const struct storm_plan *plan)
{
    return plan->hedge_after_ns != 0;
}

/* Whether a task that has ended may have ended so: well if one of its copies did, else as one of
 * them. */
static inline bool may_have_ended(const struct storm *storm, uint64_t index, int error)
{
    bool so = false, well = false;
    for (unsigned i = 0; i < LOAD(storm->runs[index]) && i < STORM_COPIES; i++) {
        so |= LOAD(storm->errors[i][index]) == error;
        well |= LOAD(storm->errors[i][index]) == 0;
    }
    return so && (error == 0 || !well);
}

static inline bool is_too_heavy(const struct storm_plan *plan, uint64_t index)
{
    return plan->permits && storm_weight(plan, index) > plan->permits;
}

static inline bool takes_failures(const struct storm_plan *plan)
{
    return plan->takes_failures || plan->options.policy == FAN_COLLECT_ALL;
}

/* What a task without a run may be told of. */
static inline bool is_refusal(const struct storm *storm, uint64_t index, int error)
{
    return LOAD(storm->runs[index]) == 0 && ((error == ETIMEDOUT && storm->ctx.deadline_ns) ||
                                             (error == EINVAL && is_too_heavy(storm->plan, index)));
}

static inline bool is_a_deadline(const struct storm *storm)
{
    return storm->ctx.deadline_ns && fan_now_ns() >= storm->ctx.deadline_ns;
}

/* Complains of what is not as it has to be, once the call has returned. */
void storm_judge(struct storm *storm);

#endif
