/* One lock, `tables_lock`, guards the handing out of slots and their giving back, so that nobody
 * takes a slot whose last owner still writes to it: a spin lock, held for a scan of a table, never
 * while anything blocks. The installed tables themselves change only while one thread
 * exists. */
#include "base/probe.h"

#include <stddef.h>

#include "base/clock.h"

static const struct fan_probe_tables *installed;
static uint64_t objects_ever;
static bool tables_lock;

static void lock_tables(void)
{
    while (__atomic_test_and_set(&tables_lock, __ATOMIC_ACQUIRE))
        ;
}

static void unlock_tables(void)
{
    __atomic_clear(&tables_lock, __ATOMIC_RELEASE);
}

void fan_probe_install(const struct fan_probe_tables *tables)
{
    installed = tables;
}

bool fan_probe_panicked(const struct fan_panic *panic)
{
    if (!installed)
        return false;
    installed->panicked(installed->observer, panic);
    return true;
}

void fan_probe_noticed(const struct fan_notice *notice)
{
    if (installed && installed->noticed)
        installed->noticed(installed->observer, notice);
}

uint16_t fan_probe_thread_slot(const struct fan_probe_thread *thread)
{
    return thread ? (uint16_t)(thread - installed->threads) : FAN_PROBE_NO_SLOT;
}

uint16_t fan_probe_object_slot(const struct fan_probe_object *object)
{
    return object ? (uint16_t)(object - installed->objects) : FAN_PROBE_NO_SLOT;
}

void fan_probe_set_stack(struct fan_stack *slot, const struct fan_stack *stack)
{
    FAN_PROBE_SET(slot->depth, stack->depth);
    for (uint32_t i = 0; i < stack->depth; i++)
        FAN_PROBE_SET(slot->frames[i], stack->frames[i]);
}

static void set_name(char *slot, const char *name)
{
    size_t i = 0;
    for (; name && name[i] && i < FAN_PROBE_NAME - 1; i++)
        FAN_PROBE_SET(slot[i], name[i]);
    for (; i < FAN_PROBE_NAME; i++)
        FAN_PROBE_SET(slot[i], '\0');
}

/* A thread that takes over the slot of an ended one must not pass for a user of what that one used.
 */
static void forget_user(uint16_t slot)
{
    uint64_t others = ~(UINT64_C(1) << (slot % 64));
    for (size_t i = 0; i < FAN_PROBE_OBJECTS; i++) {
        __atomic_fetch_and(&installed->objects[i].put_users[slot / 64], others, __ATOMIC_RELAXED);
        __atomic_fetch_and(&installed->objects[i].take_users[slot / 64], others, __ATOMIC_RELAXED);
    }
}

static struct fan_probe_thread *free_or_longest_done(void)
{
    struct fan_probe_thread *longest_done = NULL;
    for (size_t i = 0; i < FAN_PROBE_THREADS; i++) {
        struct fan_probe_thread *slot = &installed->threads[i];
        uint32_t state = FAN_PROBE_GET(slot->state);
        if (state == FAN_STATE_FREE)
            return slot;
        if (state == FAN_STATE_DONE && (!longest_done || FAN_PROBE_GET(slot->since_ns) <
                                                             FAN_PROBE_GET(longest_done->since_ns)))
            longest_done = slot;
    }
    if (longest_done)
        forget_user(fan_probe_thread_slot(longest_done));
    return longest_done;
}

static void begin_thread(struct fan_probe_thread *slot, uint64_t id, uint64_t creator)
{
    uint64_t now_ns = fan_clock_ns();
    FAN_PROBE_SET(slot->state, FAN_STATE_RUNNABLE);
    FAN_PROBE_SET(slot->op, FAN_OP_NONE);
    FAN_PROBE_SET(slot->wait_count, 0);
    FAN_PROBE_SET(slot->since_ns, now_ns);
    FAN_PROBE_SET(slot->deadline_ns, 0);
    FAN_PROBE_SET(slot->stack.depth, 0);
    FAN_PROBE_SET(slot->id, id);
    FAN_PROBE_SET(slot->creator, creator);
    FAN_PROBE_SET(slot->created_ns, now_ns);
    FAN_PROBE_SET(slot->os_thread, 0);
    FAN_PROBE_SET(slot->operations, 0);
    FAN_PROBE_SET(slot->last_pc, 0);
    FAN_PROBE_SET(slot->last, 0);
    FAN_PROBE_SET(slot->task, 0);
    FAN_PROBE_SET(slot->tasks_begun, 0);
    FAN_PROBE_SET(slot->tasks_ended, 0);
    FAN_PROBE_SET(slot->tasks_failed, 0);
}

struct fan_probe_thread *fan_probe_thread_add(const char *name, uint64_t id, uint64_t creator)
{
    if (!installed || !installed->threads)
        return NULL;
    struct fan_stack created;
    fan_stack_capture(&created, 1);
    lock_tables();
    struct fan_probe_thread *slot = free_or_longest_done();
    if (slot) {
        fan_probe_open(&slot->seq);
        begin_thread(slot, id, creator);
        set_name(slot->name, name);
        fan_probe_set_stack(&slot->created, &created);
        fan_probe_shut(&slot->seq);
    } else {
        fan_probe_count(installed->unseen_threads, 1);
    }
    unlock_tables();
    return slot;
}

void fan_probe_thread_drop(struct fan_probe_thread *slot)
{
    if (!slot)
        return;
    lock_tables();
    fan_probe_open(&slot->seq);
    FAN_PROBE_SET(slot->state, FAN_STATE_FREE);
    fan_probe_shut(&slot->seq);
    unlock_tables();
}

void fan_probe_thread_done(struct fan_probe_thread *slot)
{
    if (!slot)
        return;
    lock_tables();
    fan_probe_open(&slot->seq);
    FAN_PROBE_SET(slot->since_ns, fan_clock_ns());
    FAN_PROBE_SET(slot->state, FAN_STATE_DONE);
    fan_probe_shut(&slot->seq);
    unlock_tables();
}

static struct fan_probe_object *free_object(void)
{
    for (size_t i = 0; i < FAN_PROBE_OBJECTS; i++)
        if (FAN_PROBE_GET(installed->objects[i].kind) == FAN_KIND_FREE)
            return &installed->objects[i];
    return NULL;
}

static void begin_object(struct fan_probe_object *slot, enum fan_probe_kind kind, uint64_t capacity,
                         uint64_t creator)
{
    FAN_PROBE_SET(slot->kind, kind);
    FAN_PROBE_SET(slot->id, ++objects_ever);
    FAN_PROBE_SET(slot->creator, creator);
    FAN_PROBE_SET(slot->created_ns, fan_clock_ns());
    FAN_PROBE_SET(slot->capacity, capacity);
    FAN_PROBE_SET(slot->closed, 0);
    FAN_PROBE_SET(slot->cause, 0);
    FAN_PROBE_SET(slot->closer, 0);
    FAN_PROBE_SET(slot->closed_at.depth, 0);
    FAN_PROBE_SET(slot->owner, 0);
    FAN_PROBE_SET(slot->waiting_put, 0);
    FAN_PROBE_SET(slot->waiting_take, 0);
    FAN_PROBE_SET(slot->put, 0);
    FAN_PROBE_SET(slot->taken, 0);
    for (size_t i = 0; i < FAN_PROBE_USER_WORDS; i++) {
        FAN_PROBE_SET(slot->put_users[i], 0);
        FAN_PROBE_SET(slot->take_users[i], 0);
    }
}

struct fan_probe_object *fan_probe_object_add(enum fan_probe_kind kind, const char *name,
                                              uint64_t capacity, uint64_t creator)
{
    if (!installed || !installed->threads)
        return NULL;
    struct fan_stack created;
    fan_stack_capture(&created, 0);
    lock_tables();
    struct fan_probe_object *slot = free_object();
    if (slot) {
        fan_probe_open(&slot->seq);
        begin_object(slot, kind, capacity, creator);
        set_name(slot->name, name);
        fan_probe_set_stack(&slot->created, &created);
        fan_probe_shut(&slot->seq);
    } else {
        fan_probe_count(installed->unseen_objects, 1);
    }
    unlock_tables();
    return slot;
}

void fan_probe_object_drop(struct fan_probe_object *slot)
{
    if (!slot || !installed)
        return;
    lock_tables();
    fan_probe_open(&slot->seq);
    FAN_PROBE_SET(slot->kind, FAN_KIND_FREE);
    fan_probe_shut(&slot->seq);
    unlock_tables();
}
