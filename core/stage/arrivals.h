#ifndef FAN_STAGE_ARRIVALS_H
#define FAN_STAGE_ARRIVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The elements that a reorder holds, in the order in which they have come. Elements that are held
 * no more (those below `next`) are forgotten as they come to the front, or when it is full. */
struct fan_arrival {
    uint64_t number;
    uint64_t due_ns; /* when it is to leave */
};

struct fan_arrivals {
    struct fan_arrival *list;
    size_t room, first, count;
};

/* For at most `held` elements that are held at a time. ENOMEM. */
int fan_arrivals_init(struct fan_arrivals *arrivals, size_t held);
void fan_arrivals_destroy(struct fan_arrivals *arrivals);

void fan_arrivals_add(struct fan_arrivals *arrivals, uint64_t next, struct fan_arrival arrival);

/* The oldest that is still held; false if none is. */
bool fan_arrivals_oldest(struct fan_arrivals *arrivals, uint64_t next, struct fan_arrival *oldest);

#endif
