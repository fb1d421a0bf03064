#ifndef FAN_RUN_HELD_H
#define FAN_RUN_HELD_H

#include "base/panic_state.h"

/* What a lock says as the calling thread takes it, and just before it leaves it. With real threads
 * only their number is kept, for the rule about panics; under the controlled scheduler also which
 * are held by whom, and what that orders. */
enum fan_held_how {
    FAN_HELD_ALONE,
    FAN_HELD_TRIED, /* alone, and it would not have waited */
    FAN_HELD_SHARED,
};

#ifdef FAN_SIM
void fan_sim_lock_taken(const void *lock, const char *name, enum fan_held_how how);
void fan_sim_lock_left(const void *lock, enum fan_held_how how);
void fan_sim_locks_thread_ends(void);
#endif

static inline void fan_held_taken(const void *lock, const char *name, enum fan_held_how how)
{
    fan_panic_lock_taken();
#ifdef FAN_SIM
    fan_sim_lock_taken(lock, name, how);
#else
    (void)lock, (void)name, (void)how;
#endif
}

static inline void fan_held_left(const void *lock, enum fan_held_how how)
{
    fan_panic_lock_released();
#ifdef FAN_SIM
    fan_sim_lock_left(lock, how);
#else
    (void)lock, (void)how;
#endif
}

/* The calling thread ends; what it holds, it holds for ever. */
static inline void fan_held_thread_ends(void)
{
#ifdef FAN_SIM
    if (fan_panic_state.locks_held)
        fan_sim_locks_thread_ends();
#endif
}

#endif
