/* Each worker's is written by its own thread; a thief reads it with the stream's lock, while the
 * worker has a share. */
#include "flow/testimony.h"

#include "flow/stream_state.h"
#include "run/evidence.h"
#include "run/thread_state.h"

static void tell(const struct fan_worker *worker, enum fan_fact_kind kind, uint64_t position)
{
    fan_evidence_add_of(fan_thread_here()->id, kind, worker->told.queue, position);
}

static void tell_of_each(const struct fan_worker *worker, enum fan_fact_kind kind,
                         const struct fan_share *share)
{
    for (uint32_t i = share->next; i < share->end; i++)
        tell(worker, kind, worker->told.shift + i);
}

void fan_testimony_new(struct fan_worker *worker)
{
    worker->told.queue = fan_evidence_queue("share");
}

void fan_testimony_begin(const struct fan_worker *worker)
{
    if (fan_testimony_is_wanted(&worker->told))
        fan_evidence_crew(worker->stream->workers[0].told.queue);
}

void fan_testimony_given(struct fan_worker *worker)
{
    const struct fan_share *share = &worker->post->share;
    if (!fan_testimony_is_wanted(&worker->told))
        return;
    worker->told.shift = worker->told.put - share->next;
    worker->told.put += share->end - share->next;
    tell_of_each(worker, FAN_FACT_PUT, share);
}

void fan_testimony_takes(const struct fan_worker *worker, uint32_t index)
{
    tell(worker, FAN_FACT_TAKE, worker->told.shift + index);
}

void fan_testimony_lost(const struct fan_worker *worker, const struct fan_share *loot)
{
    if (fan_testimony_is_wanted(&worker->told))
        tell_of_each(worker, FAN_FACT_MOVE, loot);
}

void fan_testimony_asks(const struct fan_worker *worker)
{
    if (fan_testimony_is_wanted(&worker->told))
        tell(worker, FAN_FACT_ASK, 0);
}
