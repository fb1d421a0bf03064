/* Time fires nobody: who waits parks until the timer is due and looks again. So does who is fired
 * by a reset, which is what EAGAIN tells it. */
#include "sync/timer.h"

#include <errno.h>
#include <stdbool.h>

#include "base/panic.h"
#include "run/announce.h"
#include "run/result.h"
#include "run/thread_state.h"
#include "run/time.h"
#include "sync/block.h"
#include "sync/tally.h"

void fan_timer_init(struct fan_timer *timer, const char *name, uint64_t due_ns, uint64_t period_ns)
{
    *timer = (struct fan_timer){.due_ns = due_ns, .period_ns = period_ns};
    timer->slot = fan_probe_object_add(FAN_KIND_TIMER, name, 0, fan_thread_here()->id);
}

void fan_timer_destroy(struct fan_timer *timer)
{
    fan_announce_plain(FAN_OP_DESTROY, timer, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_lock_acquire(&timer->guard);
    bool in_use = !fan_waitq_empty(&timer->waiters);
    fan_lock_release(&timer->guard);
    if (in_use)
        fan_panic_misuse(timer->slot ? timer->slot->id : 0,
                         "destroy of a timer that threads wait for");
    fan_probe_object_drop(timer->slot);
}

void fan_timer_reset(struct fan_timer *timer, uint64_t due_ns, uint64_t period_ns)
{
    struct fan_thread *self = fan_thread_here();
    fan_announce_plain(FAN_OP_TIMER_SET, timer, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_lock_acquire(&timer->guard);
    timer->due_ns = due_ns;
    timer->period_ns = period_ns;
    fan_waitq_fire_all(&timer->waiters, EAGAIN);
    fan_block_show_waiting(timer->slot, &timer->waiters);
    fan_tally_put(timer->slot, self, 1);
    fan_lock_release(&timer->guard);
}

static bool is_due(const struct fan_timer *timer, uint64_t now_ns)
{
    return timer->due_ns != 0 && timer->due_ns <= now_ns;
}

/* The first time after now that is a whole number of periods from the last. */
static uint64_t next_due(const struct fan_timer *timer, uint64_t now_ns)
{
    uint64_t since_last_ns = (now_ns - timer->due_ns) % timer->period_ns;
    uint64_t left_ns = timer->period_ns - since_last_ns;
    return left_ns < UINT64_MAX - now_ns ? now_ns + left_ns : UINT64_MAX;
}

static bool take_tick(struct fan_timer *timer, const struct fan_thread *self)
{
    uint64_t now_ns = fan_now_ns();
    if (!is_due(timer, now_ns))
        return false;
    timer->due_ns = timer->period_ns ? next_due(timer, now_ns) : 0;
    fan_tally_taken(timer->slot, self, 1);
    return true;
}

int fan_timer_take(struct fan_timer *timer, const struct fan_thread *self, struct fan_ctx *ctx)
{
    fan_lock_acquire(&timer->guard);
    bool taken = !fan_ctx_look_inside(ctx) && take_tick(timer, self);
    fan_lock_release(&timer->guard);
    return taken ? 0 : EAGAIN;
}

int fan_timer_try(struct fan_timer *timer)
{
    struct fan_thread *self = fan_thread_here();
    fan_announce_plain(FAN_OP_TIMER_WAIT, timer, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_thread_operates(self, FAN_OP_TIMER_WAIT, timer->slot, __builtin_return_address(0));
    return fan_result_of(fan_timer_take(timer, self, NULL));
}

/* Takes a tick or waits once: EAGAIN says that it is time to look again. */
static int take_or_wait(struct fan_timer *timer, const struct fan_thread *self, struct fan_ctx *ctx)
{
    struct fan_waiter waiter = {0};
    fan_lock_acquire(&timer->guard);
    int error = fan_ctx_look_inside(ctx);
    if (error || take_tick(timer, self)) {
        fan_lock_release(&timer->guard);
        return error;
    }
    return fan_block(&(struct fan_block){.lock = &timer->guard,
                                         .queue = &timer->waiters,
                                         .slot = timer->slot,
                                         .op = FAN_OP_TIMER_WAIT,
                                         .kind = FAN_KIND_TIMER,
                                         .deadline_ns = timer->due_ns,
                                         .ctx = ctx},
                     &waiter);
}

int fan_timer_wait(struct fan_timer *timer, struct fan_ctx *ctx)
{
    struct fan_thread *self = fan_thread_here();
    int error;
    fan_announce(&(struct fan_announcement){.op = FAN_OP_TIMER_WAIT,
                                            .pc = __builtin_return_address(0),
                                            .object = timer,
                                            .mode = FAN_TOUCH_WRITE,
                                            .context = fan_ctx_root(ctx)});
    fan_thread_operates(self, FAN_OP_TIMER_WAIT, timer->slot, __builtin_return_address(0));
    do
        error = take_or_wait(timer, self, ctx);
    while (error == EAGAIN);
    return fan_result_of(error);
}

int fan_timer_watch(struct fan_timer *timer, struct fan_waiter *waiter)
{
    fan_lock_acquire(&timer->guard);
    bool due = is_due(timer, fan_now_ns());
    if (!due) {
        fan_waitq_push(&timer->waiters, waiter);
        fan_block_show_waiting(timer->slot, &timer->waiters);
    }
    fan_lock_release(&timer->guard);
    return due ? EAGAIN : 0;
}

void fan_timer_unwatch(struct fan_timer *timer, struct fan_waiter *waiter)
{
    fan_lock_acquire(&timer->guard);
    fan_waitq_remove(&timer->waiters, waiter);
    fan_block_show_waiting(timer->slot, &timer->waiters);
    fan_lock_release(&timer->guard);
}

uint64_t fan_timer_due(struct fan_timer *timer)
{
    fan_lock_acquire(&timer->guard);
    uint64_t due_ns = timer->due_ns;
    fan_lock_release(&timer->guard);
    return due_ns;
}

/* There is nothing but time to wait for: a queue that nobody else knows. */
int fan_sleep(uint64_t delay_ns, struct fan_ctx *ctx)
{
    struct fan_thread *self = fan_thread_here();
    struct fan_lock lock = {0};
    struct fan_waitq nobody = {0};
    struct fan_waiter waiter = {0};
    fan_announce(&(struct fan_announcement){
        .op = FAN_OP_SLEEP, .pc = __builtin_return_address(0), .context = fan_ctx_root(ctx)});
    fan_thread_operates(self, FAN_OP_SLEEP, NULL, __builtin_return_address(0));
    fan_lock_acquire(&lock);
    int error = fan_block(&(struct fan_block){.lock = &lock,
                                              .queue = &nobody,
                                              .op = FAN_OP_SLEEP,
                                              .kind = FAN_KIND_TIMER,
                                              .deadline_ns = fan_deadline_after(delay_ns),
                                              .ctx = ctx},
                          &waiter);
    return fan_result_of(error == EAGAIN ? 0 : error);
}
