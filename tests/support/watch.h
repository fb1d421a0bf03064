#ifndef FAN_TESTS_SUPPORT_WATCH_H
#define FAN_TESTS_SUPPORT_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/probe.h"
#include "run/thread.h"

/* Lets a test see what its threads do, the way an observer does: through the probe. So a test knows
 * that a thread is blocked, and never sleeps in the hope that it is. A condition that does not come
 * about is ended by the test's time limit. */

/* Installs the probe's tables, once in a process, and adopts the calling thread as "main". A panic
 * that nobody recovers is told on stderr. */
void watch_begin(void);

/* Starts a thread, which must be possible. */
struct fan_thread *watch_spawn(const char *name, void (*run)(void *), void *argument);

/* Copies the slot of the thread, or object, of that name; false if there is none. */
bool watch_thread(const char *name, struct fan_probe_thread *seen);
bool watch_object(const char *name, struct fan_probe_object *seen);

/* Returns once the thread of that name is blocked in the operation. */
void watch_until_blocked(const char *thread, enum fan_probe_op op);

/* Returns once that many threads are blocked in the operation. */
void watch_until_so_many_blocked(size_t count, enum fan_probe_op op);

/* Returns once the thread has ended. */
void watch_until_done(const char *thread);

#endif
