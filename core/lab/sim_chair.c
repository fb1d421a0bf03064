#include "lab/sim_chair.h"

#include <string.h>

#include "base/stack.h"
#include "run/grain.h"
#include "run/mutex.h"
#include "run/thread_state.h"
#include "sync/chan_state.h"
#include "sync/ctx.h"
#include "sync/waitgroup.h"

/* ---- what an operation is about ---- */

static uint64_t id_of(const struct fan_probe_object *slot)
{
    return slot ? FAN_PROBE_GET(slot->id) : 0;
}

static void note_name(struct fan_chair_thread *thread, const char *name)
{
    if (name)
        strncpy(thread->name, name, sizeof thread->name - 1);
}

static void note_mutex(struct fan_chair_thread *thread, const struct fan_mutex *mutex)
{
    note_name(thread, mutex->name);
    thread->holder = mutex->state >> 1;
}

static void note_group(struct fan_chair_thread *thread, const struct fan_waitgroup *group)
{
    note_name(thread, group->name);
    thread->count = group->count;
}

static void note_cases(struct fan_chair_thread *thread, const void *argument)
{
    struct fan_select_shown shown[FAN_CHAIR_CASES];
    size_t count = fan_select_announced(argument, shown, FAN_CHAIR_CASES);
    thread->case_count = (uint16_t)count;
    for (size_t i = 0; i < count && i < FAN_CHAIR_CASES; i++)
        thread->cases[i] = (struct fan_chair_case){(uint8_t)shown[i].op, shown[i].id};
}

/* All of these begin with the name that the program gave them. A lock that can be held by one only
 * and says with `ready` when it is free is a mutex: others arrive in any case, and wait then. */
static void note_named(struct fan_chair_thread *thread, const struct fan_sim_op *op,
                       const void *object)
{
    if (op->kind == FAN_OP_GROUP_WAIT || op->kind == FAN_OP_GROUP_ADD ||
        op->kind == FAN_OP_GROUP_DONE)
        note_group(thread, object);
    else if (op->kind == FAN_OP_LOCK && op->ready)
        note_mutex(thread, object);
    else
        note_name(thread, *(const char *const *)object);
}

/* Of a send or receive, what is only looked at is a context: there is no channel. */
static const void *object_of(const struct fan_sim *sim, const struct fan_sim_op *op)
{
    bool on_channel = op->kind == FAN_OP_SEND || op->kind == FAN_OP_RECV;
    if (op->touch_count == 0 || (on_channel && op->touches[0].mode == FAN_TOUCH_READ))
        return NULL;
    return fan_sim_address(sim, op->touches[0].object);
}

static void note_object(struct fan_chair_thread *thread, const struct fan_sim_op *op,
                        const void *object)
{
    switch (op->kind) {
    case FAN_OP_SEND:
    case FAN_OP_RECV:
    case FAN_OP_CLOSE:
        thread->object = id_of(((const struct fan_chan *)object)->slot);
        break;
    case FAN_OP_CANCEL:
    case FAN_OP_CONTEXT_LOOK:
        thread->object = id_of(((const struct fan_ctx *)object)->slot);
        break;
    case FAN_OP_LOCK:
    case FAN_OP_LOCK_SHARED:
    case FAN_OP_UNLOCK:
    case FAN_OP_COND_WAIT:
    case FAN_OP_SIGNAL:
    case FAN_OP_GROUP_WAIT:
    case FAN_OP_GROUP_ADD:
    case FAN_OP_GROUP_DONE:
    case FAN_OP_ACQUIRE:
    case FAN_OP_RELEASE:
    case FAN_OP_ONCE:
        note_named(thread, op, object);
        break;
    default:
        break;
    }
}

/* At the fine grain the operations are the library's own, on its own words of memory. */
static void note_operation(struct fan_chair_thread *thread, const struct fan_sim *sim,
                           const struct fan_sim_op *op)
{
    const void *object = object_of(sim, op);
    if (fan_grain_is_fine)
        return;
    if (op->kind == FAN_OP_SELECT)
        note_cases(thread, op->argument);
    else if (op->kind == FAN_OP_JOIN && op->argument)
        thread->object = ((const struct fan_thread *)op->argument)->id;
    else if (object)
        note_object(thread, op, object);
}

/* The second step of an operation is about what the first was. All of it is kept up to date at
 * every step, for a run may end without another word: in a panic. */
void fan_sim_chair_note(struct fan_chair *chair, const struct fan_sim *sim)
{
    uint32_t index = fan_sim_previous(sim);
    struct fan_chair_thread *thread = &chair->threads[index];
    const struct fan_sim_op *op = fan_sim_pending(sim, index);
    chair->thread_count = fan_sim_thread_count(sim);
    thread->ended = fan_sim_thread_ended(sim, index);
    thread->stage = (uint8_t)op->stage;
    if (thread->ended || op->stage == FAN_STAGE_RESUME)
        return;
    *thread = (struct fan_chair_thread){.kind = (uint8_t)op->kind, .pc = op->pc};
    fan_stack_capture(&thread->stack, 0);
    note_operation(thread, sim, op);
}

/* ---- what is to be chosen ---- */

/* A mutex may have got another owner since the thread announced that it wants it, a group another
 * count. */
static void bring_up_to_date(struct fan_chair_thread *thread, const struct fan_sim *sim,
                             const struct fan_sim_op *op)
{
    if (op->stage == FAN_STAGE_ARRIVE && op->kind != FAN_OP_NONE && op->kind != FAN_OP_SELECT)
        note_operation(thread, sim, op);
}

static void describe_thread(struct fan_chair *chair, const struct fan_sim *sim, uint32_t index,
                            uint64_t enabled)
{
    struct fan_chair_thread *thread = &chair->threads[index];
    const struct fan_sim_op *op = fan_sim_pending(sim, index);
    thread->ended = fan_sim_thread_ended(sim, index);
    thread->enabled = enabled >> index & 1;
    thread->kind = (uint8_t)op->kind;
    thread->stage = (uint8_t)op->stage;
    thread->timed = op->deadline_ns != 0;
    thread->by_time = thread->enabled && op->ready && !op->ready(op->argument);
    if (!thread->ended)
        bring_up_to_date(thread, sim, op);
}

static void describe(struct fan_chair *chair, const struct fan_sim *sim, uint64_t enabled)
{
    chair->thread_count = fan_sim_thread_count(sim);
    chair->now_ns = fan_sim_now_ns(sim);
    for (uint32_t i = 0; i < chair->thread_count; i++)
        describe_thread(chair, sim, i, enabled);
}

void fan_sim_chair_offer_threads(struct fan_chair *chair, const struct fan_sim *sim,
                                 uint64_t enabled)
{
    describe(chair, sim, enabled);
    chair->due = FAN_CHAIR_THREAD;
    chair->usual = fan_sim_default(sim, enabled);
    chair->thread = fan_sim_previous(sim);
    chair->op = fan_sim_thread_ops(sim, chair->thread);
}

void fan_sim_chair_offer_values(struct fan_chair *chair, const struct fan_sim *sim, uint32_t count)
{
    describe(chair, sim, 0);
    chair->due = FAN_CHAIR_VALUE;
    chair->options = count;
    chair->thread = fan_sim_current(sim);
    chair->op = fan_sim_thread_ops(sim, chair->thread);
    chair->nth = fan_sim_choices_in_operation(sim);
}
