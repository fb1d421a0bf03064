#ifndef FAN_RUN_LOCK_H
#define FAN_RUN_LOCK_H

#include <stdint.h>

#include "run/grain.h"

/* A lock for the library's own short critical sections: a few dozen instructions, never held while
 * its holder blocks. Users of the library lock a fan_mutex (run/mutex.h), which is observed and
 * checked; this one is neither. Four bytes, zero is unlocked.
 *
 * The algorithm is mutex 2 of Drepper, "Futexes are tricky" (2011): 0 free, 1 held, 2 held and
 * somebody may sleep; before sleeping it spins for a moment, since the holder is about to leave. */
struct fan_lock {
    uint32_t word;
};

#ifdef FAN_SIM

/* Under the controlled scheduler nobody else runs within an operation, or, at the fine grain,
 * taking and leaving a lock are steps of their own (run/sim_backend.h). */
void fan_lock_acquire_as_step(struct fan_lock *lock, void *pc);
void fan_lock_release_as_step(struct fan_lock *lock, void *pc);

static inline void fan_lock_acquire(struct fan_lock *lock)
{
    if (fan_grain_is_fine || lock->word)
        fan_lock_acquire_as_step(lock, __builtin_return_address(0));
    lock->word = 1;
}

static inline void fan_lock_release(struct fan_lock *lock)
{
    if (fan_grain_is_fine)
        fan_lock_release_as_step(lock, __builtin_return_address(0));
    lock->word = 0;
}

/* Of what does no more than show something to observers. Nothing can come in between here, and it
 * is no step at either grain: a run that is watched takes the steps of one that is not. */
static inline void fan_lock_acquire_to_show(struct fan_lock *lock)
{
    (void)lock;
}

static inline void fan_lock_release_to_show(struct fan_lock *lock)
{
    (void)lock;
}

#else

void fan_lock_acquire_slowly(struct fan_lock *lock);
void fan_lock_wake_one(struct fan_lock *lock);

static inline void fan_lock_acquire(struct fan_lock *lock)
{
    uint32_t free = 0;
    if (!__atomic_compare_exchange_n(&lock->word, &free, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        fan_lock_acquire_slowly(lock);
}

static inline void fan_lock_release(struct fan_lock *lock)
{
    if (__atomic_exchange_n(&lock->word, 0, __ATOMIC_RELEASE) == 2)
        fan_lock_wake_one(lock);
}

static inline void fan_lock_acquire_to_show(struct fan_lock *lock)
{
    fan_lock_acquire(lock);
}

static inline void fan_lock_release_to_show(struct fan_lock *lock)
{
    fan_lock_release(lock);
}

#endif

#endif
