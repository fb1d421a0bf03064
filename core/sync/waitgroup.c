/* The count, the queue and the release of who waits change together under `guard`. */
#include "sync/waitgroup.h"

#include <stdbool.h>

#include "base/panic.h"
#include "run/announce.h"
#include "run/result.h"
#include "run/thread_state.h"
#include "sync/block.h"
#include "sync/tally.h"

static const char *name_of(const struct fan_waitgroup *group)
{
    return group->name ? group->name : "wait group";
}

static _Noreturn void misuse(const struct fan_waitgroup *group, const char *what)
{
    fan_panic_misuse(group->slot ? group->slot->id : 0, "%s: %s", what, name_of(group));
}

static void show_change(struct fan_waitgroup *group, const struct fan_thread *self, int64_t amount)
{
    if (amount > 0)
        fan_tally_put(group->slot, self, (uint64_t)amount);
    else
        fan_tally_taken(group->slot, self, -(uint64_t)amount);
}

/* With the guard held, which it releases. */
static void change_count(struct fan_waitgroup *group, struct fan_thread *self, int64_t amount)
{
    int64_t count;
    bool overflows = __builtin_add_overflow(group->count, amount, &count);
    if (overflows || count < 0) {
        fan_lock_release(&group->guard);
        misuse(group, overflows ? "overflow of a wait group" : "negative count of a wait group");
    }
    group->count = count;
    if (!group->slot)
        group->slot = fan_probe_object_add(FAN_KIND_WAIT_GROUP, group->name, 0, self->id);
    show_change(group, self, amount);
    if (count == 0 && !fan_waitq_empty(&group->waiters)) {
        fan_waitq_fire_all(&group->waiters, 0);
        fan_block_show_waiting(group->slot, &group->waiters);
    }
    fan_lock_release(&group->guard);
}

void fan_waitgroup_add(struct fan_waitgroup *group, int64_t amount)
{
    struct fan_thread *self = fan_thread_here();
    fan_announce_plain(FAN_OP_GROUP_ADD, group, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_result_name(name_of(group));
    fan_lock_acquire(&group->guard);
    if (group->count == 0)
        fan_announce_use(group, FAN_USE_ADDS, name_of(group));
    change_count(group, self, amount);
}

void fan_waitgroup_done(struct fan_waitgroup *group)
{
    struct fan_thread *self = fan_thread_here();
    fan_announce_plain(FAN_OP_GROUP_DONE, group, FAN_TOUCH_ADD, __builtin_return_address(0));
    fan_result_name(name_of(group));
    fan_lock_acquire(&group->guard);
    fan_thread_operates(self, FAN_OP_GROUP_DONE, group->slot, __builtin_return_address(0));
    change_count(group, self, -1);
}

/* Who made the count 0 may still hold the guard when the wait it released returns, and the group is
 * often gone right after that. */
static void let_the_last_one_leave(struct fan_waitgroup *group)
{
    fan_lock_acquire(&group->guard);
    fan_lock_release(&group->guard);
}

struct group_wait {
    const struct fan_waitgroup *group;
    const struct fan_ctx *ctx;
};

static bool need_not_wait(const void *argument)
{
    const struct group_wait *wait = argument;
    return wait->group->count == 0 || fan_ctx_is_done(wait->ctx);
}

int fan_waitgroup_wait(struct fan_waitgroup *group, struct fan_ctx *ctx)
{
    struct fan_thread *self = fan_thread_here();
    struct group_wait wait = {group, ctx};
    fan_announce_use(group, FAN_USE_WAITS, name_of(group));
    fan_announce(&(struct fan_announcement){.op = FAN_OP_GROUP_WAIT,
                                            .pc = __builtin_return_address(0),
                                            .object = group,
                                            .mode = FAN_TOUCH_READ,
                                            .context = fan_ctx_root(ctx),
                                            .ready = need_not_wait,
                                            .argument = &wait,
                                            .deadline_ns = fan_ctx_deadline(ctx)});
    fan_result_name(name_of(group));
    fan_lock_acquire(&group->guard);
    int error = fan_ctx_look_inside(ctx);
    fan_thread_operates(self, FAN_OP_GROUP_WAIT, group->slot, __builtin_return_address(0));
    if (error || group->count == 0) {
        fan_lock_release(&group->guard);
        return fan_result_of(error);
    }
    struct fan_waiter waiter = {0};
    error = fan_block(&(struct fan_block){.lock = &group->guard,
                                          .queue = &group->waiters,
                                          .slot = group->slot,
                                          .op = FAN_OP_GROUP_WAIT,
                                          .kind = FAN_KIND_WAIT_GROUP,
                                          .ctx = ctx},
                      &waiter);
    let_the_last_one_leave(group);
    return fan_result_of(error);
}

void fan_waitgroup_destroy(struct fan_waitgroup *group)
{
    fan_announce_plain(FAN_OP_DESTROY, group, FAN_TOUCH_WRITE, __builtin_return_address(0));
    fan_lock_acquire(&group->guard);
    bool in_use = group->count != 0;
    fan_lock_release(&group->guard);
    if (in_use)
        misuse(group, "destroy of a wait group that is in use");
    fan_probe_object_drop(group->slot);
    group->slot = NULL;
}
