#ifndef FAN_SYNC_ONCE_H
#define FAN_SYNC_ONCE_H

#include <stdint.h>

#include "base/probe.h"
#include "run/lock.h"
#include "run/wait.h"

/* A once: something that is to happen one time, however many threads come to it. Go: sync.Once;
 * POSIX: pthread_once. Zero is a valid one that has not happened yet.
 *
 *     static struct fan_once opened = {.name = "open the log"};
 *     fan_once(&opened, open_log, path);
 */
struct fan_once {
    const char *name;
    uint32_t done; /* atomic; set under the guard */
    struct fan_lock guard;
    uint64_t runner;          /* guard: the id of the thread that runs the function, 0 if none */
    struct fan_waitq waiters; /* guard */
    struct fan_probe_object *slot; /* guard: taken when a thread first waits */
};

/* Calls function(argument) if that has not been done yet; else blocks until the call that is under
 * way has ended. On return it has been done, and what it wrote is seen. A function that panics in a
 * recover scope counts as done: the panic goes on, and the others return. A function that comes
 * back to its own once waits for itself and panics. */
void fan_once(struct fan_once *once, void (*function)(void *), void *argument);

/* Ends its use. Panics if the function is running. Needed only to tell observers. */
void fan_once_destroy(struct fan_once *once);

#endif
