#include "flow/share.h"

bool fan_share_steal(struct fan_share *share, enum fan_fence fence, struct fan_share *loot)
{
    uint32_t end = fan_atomic_load(&share->end, FAN_RELAXED);
    uint32_t next = fan_atomic_load(&share->next, FAN_RELAXED);
    if (next >= end)
        return false;
    uint32_t first = next + (end - next) / 2;
    fan_atomic_store(&share->end, first, FAN_RELAXED);
    fan_fence_heavy(fence);
    uint32_t begun = fan_atomic_load(&share->next, FAN_RELAXED);
    if (begun > first) {
        first = begun < end ? begun : end;
        fan_atomic_store(&share->end, first, FAN_RELAXED);
    }
    fan_share_begin(loot, first, end);
    return first < end;
}
