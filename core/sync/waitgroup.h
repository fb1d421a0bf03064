#ifndef FAN_SYNC_WAITGROUP_H
#define FAN_SYNC_WAITGROUP_H

#include <stdint.h>

#include "base/probe.h"
#include "run/lock.h"
#include "run/wait.h"
#include "sync/ctx.h"

/* A wait group: a count of work that is not yet done, and a way to wait until it is 0. Go:
 * sync.WaitGroup; other languages call it a latch.
 *
 * Zero is a valid group with nothing to wait for. Add before the work starts, and by who starts it:
 * an add inside the started thread may come after the wait has looked.
 *
 *     struct fan_waitgroup group = {.name = "workers"};
 *     for (int i = 0; i < workers; i++) {
 *         fan_waitgroup_add(&group, 1);
 *         fan_go("worker", work, &group);         (calls fan_waitgroup_done at its end)
 *     }
 *     fan_waitgroup_wait(&group, NULL);
 *
 * A count that would become negative is a panic. Adding to a group that has reached 0 begins its
 * next round: who waited for the one before is released already, under the same lock, and cannot be
 * caught by the new count. (Go, where the two are not one step, panics on some such uses.) Whether
 * a wait that comes at that time belongs to the old round or the new one is still a race of the
 * program. */
struct fan_waitgroup {
    const char *name;
    struct fan_lock guard;
    int64_t count;                 /* guard */
    struct fan_waitq waiters;      /* guard; empty while the count is 0 */
    struct fan_probe_object *slot; /* guard; taken by the first add */
};

/* Adds `amount`, which may be negative, to the count. If that makes it 0, wakes all that wait. Does
 * not block. Panics if the count would become negative. */
void fan_waitgroup_add(struct fan_waitgroup *group, int64_t amount);

/* Takes one from the count, as an add of -1 does. */
void fan_waitgroup_done(struct fan_waitgroup *group);

/* Blocks until the count is 0. What the others did before their done is then seen by the caller,
 * and none of them touches the group any more. Errors: ECANCELED, ETIMEDOUT (the context's). */
int fan_waitgroup_wait(struct fan_waitgroup *group, struct fan_ctx *ctx);

/* Ends the group's use. Panics unless its count is 0. Needed only to tell observers. */
void fan_waitgroup_destroy(struct fan_waitgroup *group);

#endif
