/* Which locks are held by whom, under the controlled scheduler; what they order; in which order
 * they are taken. */
#include <stdio.h>

#include "run/grain.h"
#include "run/held.h"
#include "run/sim_watch_state.h"

/* A lock has two things to learn from: those who held it alone, and those who held it shared. The
 * second has the address of the lock's second byte for a name. Who holds it shared learns from the
 * first only, so that two of them are not ordered. */
static uint32_t alone_side(struct fan_sim_watch *watch, const void *lock)
{
    return fan_sim_object(watch->sim, lock);
}

static uint32_t shared_side(struct fan_sim_watch *watch, const void *lock)
{
    return fan_sim_object(watch->sim, (const char *)lock + 1);
}

static struct fan_watched_locks *own_locks(struct fan_sim_watch *watch)
{
    return &watch->locks[fan_sim_current(watch->sim)];
}

/* ---- in which order -------------------------------------------------------------------------- */

static struct fan_lock_step step_from(struct fan_sim_watch *watch,
                                      const struct fan_watched_locks *locks,
                                      const struct fan_watched_lock *held,
                                      const struct fan_watched_lock *taken)
{
    struct fan_lock_step step = {.thread = fan_sim_current(watch->sim),
                                 .held = alone_side(watch, held->lock),
                                 .taken = alone_side(watch, taken->lock),
                                 .held_shared = held->shared,
                                 .taken_shared = taken->shared,
                                 .stack = taken->stack};
    for (uint32_t i = 0; i < locks->count; i++)
        step.all[step.all_count++] = alone_side(watch, locks->held[i].lock);
    return step;
}

static bool is_left_open(void *argument, uint32_t step)
{
    struct fan_sim_watch *watch = argument;
    return !fan_race_happened_before(watch->apart, watch->moments[step],
                                     fan_sim_current(watch->sim));
}

static void tell_of_circle(struct fan_sim_watch *watch, const struct fan_lock_step *earlier,
                           const struct fan_watched_lock *held,
                           const struct fan_watched_lock *taken)
{
    char one[FAN_WATCH_LABEL], other[FAN_WATCH_LABEL];
    uint32_t self = fan_sim_current(watch->sim);
    struct fan_notice notice = {
        .kind = FAN_NOTICE_LOCK_ORDER,
        .threads = {watch->threads[self].id, watch->threads[earlier->thread].id},
        .stack = taken->stack,
        .earlier_what = "other order",
        .earlier = earlier->stack};
    fan_sim_watch_label(watch, self, one);
    fan_sim_watch_label(watch, earlier->thread, other);
    bool two = earlier->taken == alone_side(watch, held->lock) &&
               earlier->held == alone_side(watch, taken->lock);
    snprintf(notice.message, sizeof notice.message,
             "%s takes %.16s while it holds %.16s, and %s %s", one, taken->name, held->name, other,
             two ? "takes them the other way round" : "comes last in a circle of others");
    fan_probe_noticed(&notice);
}

static void note_step(struct fan_sim_watch *watch, const struct fan_watched_locks *locks,
                      const struct fan_watched_lock *held, const struct fan_watched_lock *taken)
{
    struct fan_lock_step step = step_from(watch, locks, held, taken);
    uint32_t mine = fan_lock_order_add(&watch->order, &step);
    if (mine == FAN_LOCK_ORDER_NONE)
        return;
    watch->moments[mine] = fan_race_moment(watch->apart, step.thread);
    uint32_t other = fan_lock_order_circle(&watch->order, mine, is_left_open, watch);
    if (other != FAN_LOCK_ORDER_NONE)
        tell_of_circle(watch, &watch->order.steps[other], held, taken);
}

/* Every thread begins now, and none knows of another. Where there is no memory for it, the order is
 * not watched. */
static void begin_apart(struct fan_sim_watch *watch)
{
    if (!watch->spare)
        watch->spare = fan_race_new();
    watch->apart = watch->spare;
    if (!watch->apart)
        return;
    fan_race_reset(watch->apart);
    for (uint32_t thread = 1; thread < watch->thread_count; thread++)
        fan_race_fork(watch->apart, 0, thread);
}

static void note_order(struct fan_sim_watch *watch, const struct fan_watched_locks *locks,
                       const struct fan_watched_lock *taken)
{
    if (locks->count > 0 && !watch->apart)
        begin_apart(watch);
    for (uint32_t i = 0; watch->apart && i < locks->count; i++)
        note_step(watch, locks, &locks->held[i], taken);
}

/* ---- taken and left -------------------------------------------------------------------------- */

/* At the fine grain the lock's own atomics tell what it orders, as far as they do. */
static void learn_from(struct fan_sim_watch *watch, const void *lock, bool shared)
{
    if (fan_grain_is_fine)
        return;
    uint32_t self = fan_sim_current(watch->sim);
    fan_race_acquire(watch->race, self, alone_side(watch, lock));
    if (!shared)
        fan_race_acquire(watch->race, self, shared_side(watch, lock));
}

void fan_sim_lock_taken(const void *lock, const char *name, enum fan_held_how how)
{
    struct fan_sim_watch *watch = fan_sim_watched;
    if (!watch)
        return;
    struct fan_watched_locks *locks = own_locks(watch);
    struct fan_watched_lock taken = {lock, name, how == FAN_HELD_SHARED, {0}};
    fan_stack_capture(&taken.stack, 0);
    learn_from(watch, lock, taken.shared);
    if (how != FAN_HELD_TRIED)
        note_order(watch, locks, &taken);
    if (locks->count < FAN_LOCK_ORDER_HELD)
        locks->held[locks->count++] = taken;
}

static void tell(struct fan_sim_watch *watch, const void *lock, bool shared)
{
    uint32_t side = shared ? shared_side(watch, lock) : alone_side(watch, lock);
    fan_race_release(watch->race, fan_sim_current(watch->sim), side);
}

static void remove_from(struct fan_watched_locks *locks, const void *lock)
{
    for (uint32_t i = locks->count; i-- > 0;)
        if (locks->held[i].lock == lock) {
            for (locks->count--; i < locks->count; i++)
                locks->held[i] = locks->held[i + 1];
            return;
        }
}

void fan_sim_lock_left(const void *lock, enum fan_held_how how)
{
    struct fan_sim_watch *watch = fan_sim_watched;
    if (!watch)
        return;
    if (!fan_grain_is_fine)
        tell(watch, lock, how == FAN_HELD_SHARED);
    remove_from(own_locks(watch), lock);
}

/* ---- held for ever --------------------------------------------------------------------------- */

void fan_sim_locks_thread_ends(void)
{
    struct fan_sim_watch *watch = fan_sim_watched;
    if (!watch)
        return;
    char label[FAN_WATCH_LABEL];
    uint32_t self = fan_sim_current(watch->sim);
    const struct fan_watched_locks *locks = own_locks(watch);
    for (uint32_t i = 0; i < locks->count; i++) {
        struct fan_notice notice = {.kind = FAN_NOTICE_MISUSE,
                                    .threads = {watch->threads[self].id, 0},
                                    .stack = locks->held[i].stack};
        fan_sim_watch_label(watch, self, label);
        snprintf(notice.message, sizeof notice.message, "%s ends while it holds %.64s", label,
                 locks->held[i].name);
        fan_probe_noticed(&notice);
    }
}
