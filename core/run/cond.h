#ifndef FAN_RUN_COND_H
#define FAN_RUN_COND_H

#include "base/probe.h"
#include "run/lock.h"
#include "run/mutex.h"
#include "run/wait.h"

/* A condition variable: threads wait, with a mutex released, until another one says that what the
 * mutex guards has changed. Go: sync.Cond; POSIX: pthread_cond_t. Zero is a valid one.
 *
 * A signal that nobody waits for is lost, and a woken thread finds the world as others left it, so
 * a wait stands in a loop that looks at the guarded state:
 *
 *     fan_mutex_lock(&mutex);
 *     while (queue_length == 0)
 *         fan_cond_wait(&not_empty, &mutex);
 */
struct fan_cond {
    const char *name;
    struct fan_lock guard;
    struct fan_waitq waiters;      /* guard */
    struct fan_probe_object *slot; /* guard */
};

/* Releases the mutex, which the caller holds, and blocks until signalled; holds it again on return.
 * Releasing and beginning to wait are one step. Does not wake without a signal. */
void fan_cond_wait(struct fan_cond *cond, struct fan_mutex *mutex);

/* Wakes the thread that has waited longest, or all. Neither blocks nor needs the mutex. */
void fan_cond_signal(struct fan_cond *cond);
void fan_cond_broadcast(struct fan_cond *cond);

/* Ends the condition's use; nobody may be waiting. Needed only to tell observers. */
void fan_cond_destroy(struct fan_cond *cond);

#endif
