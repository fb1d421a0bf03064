#ifndef FAN_SYNC_TALLY_H
#define FAN_SYNC_TALLY_H

#include "base/probe.h"
#include "run/thread_state.h"

/* Counts for an observer what went into an object and what came out, and by whom. Under the
 * object's lock; `slot` may be NULL. */
static inline void fan_tally_put(struct fan_probe_object *slot, const struct fan_thread *thread,
                                 uint64_t amount)
{
    if (!slot)
        return;
    fan_probe_count(&slot->put, amount);
    fan_probe_user(slot->put_users, thread->slot_index);
}

static inline void fan_tally_taken(struct fan_probe_object *slot, const struct fan_thread *thread,
                                   uint64_t amount)
{
    if (!slot)
        return;
    fan_probe_count(&slot->taken, amount);
    fan_probe_user(slot->take_users, thread->slot_index);
}

#endif
