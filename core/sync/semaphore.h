#ifndef FAN_SYNC_SEMAPHORE_H
#define FAN_SYNC_SEMAPHORE_H

#include <stdint.h>

#include "base/probe.h"
#include "run/lock.h"
#include "run/wait.h"
#include "sync/ctx.h"

/* A weighted semaphore: a number of permits, of which each thread takes as many as its work weighs
 * and gives them back after. Go: golang.org/x/sync/semaphore; POSIX's sem_t has only weight 1.
 *
 * First come, first served: while the thread at the head of the queue waits for many permits, those
 * behind it wait too, though theirs may be free; so a large request is not starved by small ones.
 *
 *     struct fan_semaphore memory;
 *     fan_semaphore_init(&memory, "megabytes", 512);
 *     if (fan_semaphore_acquire(&memory, file_size, ctx) == 0) {
 *         load(file);
 *         fan_semaphore_release(&memory, file_size);
 *     }
 *
 * Permits belong to no thread: another one may release what this one acquired. */
struct fan_semaphore {
    const char *name;
    uint64_t permits; /* constant */
    struct fan_lock guard;
    uint64_t available;            /* guard */
    struct fan_waitq waiters;      /* guard; a waiter's `amount` is what it wants */
    struct fan_probe_object *slot; /* constant */
};

/* Makes a semaphore with `permits` permits, all available. `name` is not copied; NULL will do. */
void fan_semaphore_init(struct fan_semaphore *semaphore, const char *name, uint64_t permits);

/* Ends its use. Panics if permits are out or threads wait. Afterwards no earlier release touches it
 * any more. */
void fan_semaphore_destroy(struct fan_semaphore *semaphore);

/* Takes `amount` permits; blocks until they are available and nobody is ahead. Errors: EINVAL (more
 * than there are, or none), ECANCELED, ETIMEDOUT; then nothing was taken. */
int fan_semaphore_acquire(struct fan_semaphore *semaphore, uint64_t amount, struct fan_ctx *ctx);

/* Takes them if that is possible at once: 0, or EAGAIN without blocking. Errors: EINVAL. */
int fan_semaphore_try_acquire(struct fan_semaphore *semaphore, uint64_t amount);

/* Gives permits back and lets in who can go on now. Does not block. Panics if more are given back
 * than were taken. */
void fan_semaphore_release(struct fan_semaphore *semaphore, uint64_t amount);

#endif
