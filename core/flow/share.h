#ifndef FAN_FLOW_SHARE_H
#define FAN_FLOW_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/share.h"
#include "run/atomic.h"
#include "run/fence.h"

/* Working on a share (base/share.h). Taking a task costs its owner two plain stores and a load; it
 * is the thief that pays (run/fence.h).
 *
 * The owner says which task comes next before it looks where the end is; the thief moves the end
 * before it looks which task comes next. So one of them sees the other. An owner that meets the end
 * asks again under the thieves' lock, for the thief may have moved it too far and back. (The
 * handshake is that of Frigo, Leiserson and Randall, "The implementation of the Cilk-5
 * multithreaded language", 1998: the THE protocol.)
 *
 * By the owner, before others can see the share. */
static inline void fan_share_begin(struct fan_share *share, uint32_t begin, uint32_t end)
{
    fan_atomic_store(&share->next, begin, FAN_RELAXED);
    fan_atomic_store(&share->end, end, FAN_RELAXED);
}

/* By the owner: task `index` is its own now, unless this returns false; then the owner takes the
 * lock and asks with fan_share_ends. */
static inline bool fan_share_claim(struct fan_share *share, uint32_t index, enum fan_fence fence)
{
    fan_atomic_store(&share->next, index + 1, FAN_RELAXED);
    fan_fence_light(fence);
    return index < fan_atomic_load(&share->end, FAN_RELAXED);
}

/* By the owner, with the lock: whether the share ends before `index`. If not, that task is its
 * own. */
static inline bool fan_share_ends(struct fan_share *share, uint32_t index)
{
    return index >= fan_atomic_load(&share->end, FAN_RELAXED);
}

/* How many tasks nobody has begun; a guess, unless the lock is held and the owner is not
 * running. */
static inline uint32_t fan_share_left(const struct fan_share *share)
{
    uint32_t next = fan_atomic_load(&share->next, FAN_RELAXED);
    uint32_t end = fan_atomic_load(&share->end, FAN_RELAXED);
    return next < end ? end - next : 0;
}

/* By a thief, with the lock: takes the later half of what is left, or the last task, into `loot`.
 * False if there was nothing. */
bool fan_share_steal(struct fan_share *share, enum fan_fence fence, struct fan_share *loot);

#endif
