#ifndef FAN_RUN_MUTEX_H
#define FAN_RUN_MUTEX_H

#include <stdint.h>

#include "base/probe.h"
#include "run/lock.h"
#include "run/wait.h"

/* A mutex: at most one thread holds it. Go: sync.Mutex; POSIX: pthread_mutex_t.
 *
 * Zero is a valid, unlocked mutex. It knows its owner, so what POSIX leaves undefined is a misuse
 * that is reported here with its place: locking a mutex that the same thread holds, and unlocking
 * one that it does not hold.
 *
 *     struct fan_mutex mutex = {.name = "totals"};
 *     fan_mutex_lock(&mutex);
 *     total += result;
 *     fan_mutex_unlock(&mutex);
 */
struct fan_mutex {
    const char *name;
    uint64_t state; /* atomic: the owner's thread id * 2, plus 1 if threads wait */
    struct fan_lock guard;
    struct fan_waitq waiters;      /* guard */
    struct fan_probe_object *slot; /* guard: taken when a thread first waits */
};

/* Locks the mutex; blocks while another thread holds it. Threads that wait are woken in the order
 * they came, but a thread that is running may get in before the woken one. */
void fan_mutex_lock(struct fan_mutex *mutex);

/* Locks the mutex if no thread holds it: 0, or EBUSY without blocking. */
int fan_mutex_trylock(struct fan_mutex *mutex);

/* Unlocks the mutex; the calling thread must hold it. Does not block. */
void fan_mutex_unlock(struct fan_mutex *mutex);

/* Panics unless the calling thread holds the mutex; `what` says what it was about to do with it. */
void fan_mutex_must_be_held(const struct fan_mutex *mutex, const char *what);

/* The same as a part of another operation, which has announced itself (run/announce.h). */
void fan_mutex_release(struct fan_mutex *mutex);

/* Ends the mutex's use, which must be unlocked with nobody waiting. Needed only to tell observers.
 */
void fan_mutex_destroy(struct fan_mutex *mutex);

#endif
