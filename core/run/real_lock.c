#include "run/lock.h"

#include <stdbool.h>

#include "run/backend.h"

static bool becomes_free_soon(struct fan_lock *lock)
{
    unsigned spins = fan_backend_spins() / 2;
    for (unsigned turn = 0; turn < spins; turn++) {
        uint32_t free = 0;
        if (__atomic_load_n(&lock->word, __ATOMIC_RELAXED) == 0 &&
            __atomic_compare_exchange_n(&lock->word, &free, 1, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return true;
        if (!fan_backend_spin(turn))
            return false;
    }
    return false;
}

void fan_lock_acquire_slowly(struct fan_lock *lock)
{
    if (becomes_free_soon(lock))
        return;
    while (__atomic_exchange_n(&lock->word, 2, __ATOMIC_ACQUIRE) != 0)
        fan_backend_wait(&lock->word, 2, 0);
}

void fan_lock_wake_one(struct fan_lock *lock)
{
    fan_backend_wake(&lock->word, 1);
}
