#ifndef FAN_FLOW_INBOX_H
#define FAN_FLOW_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/flight.h"

/* An inbox: where finished flights land, from any thread and without a lock, until a thread of the
 * crew takes all of them. (A list with one head that is pushed to and exchanged whole, so the ABA
 * problem of popping does not arise: Treiber, "Systems programming: coping with parallelism",
 * 1986.)
 *
 * It has a bell. Who is about to sleep arms it; the first flight that lands then takes the bell
 * with it, and its thread, and no other one, has somebody to wake. So a burst of completions costs
 * one wake-up, and none while the crew is awake. */
struct fan_inbox {
    _Alignas(64) uintptr_t head; /* atomic: the latest flight, or one of three words of its own */
};

enum fan_landing {
    FAN_LANDED,          /* somebody will look */
    FAN_LANDED_AND_RING, /* whoever armed the bell is to be woken */
    FAN_NOT_LANDED,      /* the inbox is closed */
};

enum fan_landing fan_inbox_put(struct fan_inbox *inbox, struct fan_flight *flight);

/* Arms the bell, which is not armed; false if flights have landed, or the inbox is closed. */
bool fan_inbox_arm(struct fan_inbox *inbox);

/* Takes all flights, in the order in which they landed, and disarms the bell; *disarmed says
 * whether it was still armed: if so nobody rings. */
struct fan_flight *fan_inbox_take(struct fan_inbox *inbox, bool *disarmed);

/* The same, and nothing lands any more. */
struct fan_flight *fan_inbox_close(struct fan_inbox *inbox, bool *disarmed);

#endif
