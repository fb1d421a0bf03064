#include "flow/inbox.h"

#include <stddef.h>

#include "run/atomic.h"

/* What the head may be beside a flight's address. */
enum {
    EMPTY,
    ARMED,
    CLOSED,
    WORDS,
};

static struct fan_flight *flights_at(uintptr_t head)
{
    return head < WORDS ? NULL : (struct fan_flight *)head;
}

/* Who finds it closed frees the flight, after whatever the one who has closed it did with that. */
enum fan_landing fan_inbox_put(struct fan_inbox *inbox, struct fan_flight *flight)
{
    uintptr_t head = fan_atomic_load(&inbox->head, FAN_ACQUIRE);
    do {
        if (head == CLOSED)
            return FAN_NOT_LANDED;
        flight->next = flights_at(head);
    } while (!fan_atomic_compare_exchange(&inbox->head, &head, (uintptr_t)flight, FAN_RELEASE,
                                          FAN_ACQUIRE));
    return head == ARMED ? FAN_LANDED_AND_RING : FAN_LANDED;
}

bool fan_inbox_arm(struct fan_inbox *inbox)
{
    uintptr_t empty = EMPTY;
    return fan_atomic_compare_exchange(&inbox->head, &empty, (uintptr_t)ARMED, FAN_RELAXED,
                                       FAN_RELAXED);
}

static struct fan_flight *reverse(struct fan_flight *latest)
{
    struct fan_flight *first = NULL;
    while (latest) {
        struct fan_flight *earlier = latest->next;
        latest->next = first;
        first = latest;
        latest = earlier;
    }
    return first;
}

static struct fan_flight *take(struct fan_inbox *inbox, uintptr_t leave, bool *disarmed)
{
    uintptr_t head = fan_atomic_exchange(&inbox->head, leave, FAN_ACQ_REL);
    *disarmed = head == ARMED;
    return reverse(flights_at(head));
}

struct fan_flight *fan_inbox_take(struct fan_inbox *inbox, bool *disarmed)
{
    return take(inbox, EMPTY, disarmed);
}

struct fan_flight *fan_inbox_close(struct fan_inbox *inbox, bool *disarmed)
{
    return take(inbox, CLOSED, disarmed);
}
