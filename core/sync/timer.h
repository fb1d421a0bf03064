#ifndef FAN_SYNC_TIMER_H
#define FAN_SYNC_TIMER_H

#include <stdint.h>

#include "base/probe.h"
#include "run/lock.h"
#include "run/wait.h"
#include "sync/ctx.h"

/* Timers: something to wait for that comes with time. Go: time.Timer, time.Ticker, time.Sleep;
 * POSIX: timer_create, nanosleep.
 *
 * A timer is due once, a ticker (a timer with a period) again and again. One wait takes one tick;
 * ticks that nobody took in time are dropped, not heaped up, as Go does. It is waited for with
 * fan_timer_wait or as a case of a select. No thread stands behind it: who waits wakes by itself.
 *
 *     struct fan_timer ticker;
 *     fan_timer_init(&ticker, "report", fan_deadline_after(FAN_SECOND), FAN_SECOND);
 *     while (fan_timer_wait(&ticker, ctx) == 0)
 *         report();
 *     fan_timer_destroy(&ticker);
 */
struct fan_timer {
    struct fan_lock guard;
    uint64_t due_ns;    /* guard: 0 = stopped */
    uint64_t period_ns; /* guard: 0 = once */
    struct fan_waitq waiters;
    struct fan_probe_object *slot;
};

/* Makes a timer that is due at `due_ns` (absolute; 0 = stopped for now), and every `period_ns`
 * after that unless it is 0. `name` is copied and may be NULL. */
void fan_timer_init(struct fan_timer *timer, const char *name, uint64_t due_ns, uint64_t period_ns);

/* Ends its use; nobody may wait for it. */
void fan_timer_destroy(struct fan_timer *timer);

/* Sets a new time, or stops it with due_ns 0. Who waits for it goes on waiting, for the new time.
 */
void fan_timer_reset(struct fan_timer *timer, uint64_t due_ns, uint64_t period_ns);

/* Blocks until the timer is due, and takes that tick. Errors: ECANCELED, ETIMEDOUT (the context's).
 */
int fan_timer_wait(struct fan_timer *timer, struct fan_ctx *ctx);

/* Takes the tick if one is due: 0, or EAGAIN without blocking. */
int fan_timer_try(struct fan_timer *timer);

/* For what blocks: fan_timer_try as a part of another operation, which has announced itself. EAGAIN
 * also if the context is done. */
struct fan_thread;
int fan_timer_take(struct fan_timer *timer, const struct fan_thread *self, struct fan_ctx *ctx);

/* For what blocks: puts a waiter into the timer's queue unless a tick is due; returns EAGAIN if one
 * is. After a 0 the caller parks no longer than until fan_timer_due (0 = it is stopped), takes the
 * waiter out again with fan_timer_unwatch, and looks anew. A reset fires the waiter with EAGAIN. */
int fan_timer_watch(struct fan_timer *timer, struct fan_waiter *waiter);
void fan_timer_unwatch(struct fan_timer *timer, struct fan_waiter *waiter);
uint64_t fan_timer_due(struct fan_timer *timer);

/* Blocks for `delay_ns`. Errors: ECANCELED, ETIMEDOUT (the context's, whichever comes first). */
int fan_sleep(uint64_t delay_ns, struct fan_ctx *ctx);

#endif
