#include "flow/share.h"

bool fan_share_steal(struct fan_share *share, enum fan_fence fence, struct fan_share *loot)
{
    uint32_t end = fan_atomic_load(&share->end, FAN_RELAXED);
    uint32_t next = fan_atomic_load(&share->next, FAN_RELAXED);
    if (next >= end)
        return false;
    fan_atomic_store(&share->end, next, FAN_RELAXED);
    fan_fence_heavy(fence);
    uint32_t begun = fan_atomic_load(&share->next, FAN_RELAXED);
    if (begun > end)
        begun = end;
    if (begun > next)
        fan_atomic_store(&share->end, begun, FAN_RELAXED);
    fan_share_begin(loot, begun, end);
    return begun < end;
}
