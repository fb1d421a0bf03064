#include "sim/clock.h"

enum fan_clock_order fan_clock_compare(const struct fan_clock *a, const struct fan_clock *b,
                                       uint32_t threads)
{
    bool a_has_more = false, b_has_more = false;
    for (uint32_t i = 0; i < threads; i++) {
        a_has_more |= a->times[i] > b->times[i];
        b_has_more |= b->times[i] > a->times[i];
    }
    if (a_has_more && b_has_more)
        return FAN_CLOCK_CONCURRENT;
    if (a_has_more)
        return FAN_CLOCK_AFTER;
    return b_has_more ? FAN_CLOCK_BEFORE : FAN_CLOCK_EQUAL;
}
