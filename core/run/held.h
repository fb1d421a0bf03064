#ifndef FAN_RUN_HELD_H
#define FAN_RUN_HELD_H

#include <stdbool.h>

#include "base/panic.h"

/* What a lock says as the calling thread takes it, and just before it leaves it. With real threads
 * only their number is kept, for the rule about panics; under the controlled scheduler, which is
 * held by whom, and what that orders. Who holds a lock shared learns only from those who held it
 * alone; who holds it alone learns from all. */
#ifdef FAN_SIM
void fan_sim_lock_taken(const void *lock, bool shared);
void fan_sim_lock_left(const void *lock, bool shared);
#endif

static inline void fan_held_taken(const void *lock, bool shared)
{
    fan_panic_lock_taken();
#ifdef FAN_SIM
    fan_sim_lock_taken(lock, shared);
#else
    (void)lock, (void)shared;
#endif
}

static inline void fan_held_left(const void *lock, bool shared)
{
    fan_panic_lock_released();
#ifdef FAN_SIM
    fan_sim_lock_left(lock, shared);
#else
    (void)lock, (void)shared;
#endif
}

#endif
