#ifndef FAN_SYNC_RWLOCK_H
#define FAN_SYNC_RWLOCK_H

#include <stdint.h>

#include "base/probe.h"
#include "run/lock.h"
#include "run/wait.h"

/* A reader-writer lock: any number of readers share it, or one writer has it alone. Go:
 * sync.RWMutex; POSIX: pthread_rwlock_t. It pays where reading takes long and writing is rare; for
 * a few instructions a fan_mutex is cheaper.
 *
 * Zero is a valid, unlocked one. Threads get in in the order they came: readers that come after a
 * waiting writer wait behind it, so a stream of readers does not keep it out. Hence a reader that
 * locks shared a second time may wait for a writer that waits for that reader: do not. Who took the
 * lock gives it back. Misuse that can be known is a panic: locking, either way, what the same
 * thread holds for writing, and unlocking what is not held that way.
 *
 *     struct fan_rwlock prices_lock = {.name = "prices"};
 *     fan_rwlock_lock_shared(&prices_lock);
 *     price = look_up(prices, product);
 *     fan_rwlock_unlock_shared(&prices_lock);
 */
struct fan_rwlock {
    const char *name;
    struct fan_lock guard;
    uint64_t readers;              /* guard: how many hold it */
    uint64_t writer;               /* guard: the id of the thread that holds it, 0 if none */
    struct fan_waitq waiters;      /* guard */
    struct fan_probe_object *slot; /* guard: taken when a thread first waits */
};

/* Locks for reading; blocks while a writer holds it or waits for it. */
void fan_rwlock_lock_shared(struct fan_rwlock *rwlock);
void fan_rwlock_unlock_shared(struct fan_rwlock *rwlock);

/* Locks for writing; blocks while anybody holds it or waits for it. */
void fan_rwlock_lock(struct fan_rwlock *rwlock);
void fan_rwlock_unlock(struct fan_rwlock *rwlock);

/* Ends the lock's use, which must be unlocked with nobody waiting. Needed only to tell observers.
 */
void fan_rwlock_destroy(struct fan_rwlock *rwlock);

#endif
