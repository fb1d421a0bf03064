/* One lock, `tables_lock`, guards the handing out of slots and their giving back, so that nobody
 * takes a slot whose last owner still writes to it: a spin lock, held for a scan of a table, never
 * while anything blocks. The installed tables themselves change only while one thread
 * exists. */
#include "base/probe.h"

#include <errno.h>
#include <stddef.h>

#include "base/clock.h"

static const struct fan_probe_tables *installed;
static uint64_t objects_ever, executors_ever;
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

/* Acquiring loads keep the second look at `seq` behind them. */
bool fan_probe_blocked_at(const struct fan_probe_thread *slot, struct fan_stack *stack)
{
    if (!slot)
        return false;
    uint32_t before = __atomic_load_n(&slot->seq, __ATOMIC_ACQUIRE);
    bool blocked = __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE) == FAN_STATE_BLOCKED;
    struct fan_stack seen = {.depth = __atomic_load_n(&slot->stack.depth, __ATOMIC_ACQUIRE)};
    for (uint32_t i = 0; i < seen.depth && i < FAN_STACK_FRAMES; i++)
        seen.frames[i] = __atomic_load_n(&slot->stack.frames[i], __ATOMIC_ACQUIRE);
    if (!blocked || before % 2 || before != FAN_PROBE_GET(slot->seq))
        return false;
    *stack = seen;
    return true;
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

static void set_tally(struct fan_probe_tally *slot, const struct fan_probe_tally *tally)
{
    FAN_PROBE_SET(slot->submitted, tally->submitted);
    FAN_PROBE_SET(slot->done, tally->done);
    FAN_PROBE_SET(slot->failed, tally->failed);
    FAN_PROBE_SET(slot->cancelled, tally->cancelled);
    FAN_PROBE_SET(slot->dropped, tally->dropped);
    FAN_PROBE_SET(slot->stolen, tally->stolen);
}

static void clear_post(struct fan_probe_post *post)
{
    FAN_PROBE_SET(post->executor, 0);
    FAN_PROBE_SET(post->at, FAN_AT_NOTHING);
    FAN_PROBE_SET(post->share.next, 0);
    FAN_PROBE_SET(post->share.end, 0);
    set_tally(&post->tally, &(struct fan_probe_tally){0});
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
    clear_post(&slot->post);
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

/* ---- executors ---- */

static struct fan_probe_executor *free_or_longest_ended(void)
{
    struct fan_probe_executor *longest_ended = NULL;
    for (size_t i = 0; i < FAN_PROBE_EXECUTORS; i++) {
        struct fan_probe_executor *slot = &installed->executors[i];
        uint64_t ended_ns = FAN_PROBE_GET(slot->ended_ns);
        if (FAN_PROBE_GET(slot->kind) == FAN_EXECUTOR_FREE)
            return slot;
        if (ended_ns && (!longest_ended || ended_ns < FAN_PROBE_GET(longest_ended->ended_ns)))
            longest_ended = slot;
    }
    return longest_ended;
}

static void clear_latency(struct fan_probe_executor *slot)
{
    if (FAN_PROBE_GET(slot->timed) == 0)
        return;
    FAN_PROBE_SET(slot->timed, 0);
    FAN_PROBE_SET(slot->latency.least, 0);
    FAN_PROBE_SET(slot->latency.most, 0);
    for (size_t i = 0; i < FAN_HISTOGRAM_BUCKETS; i++)
        FAN_PROBE_SET(slot->latency.counts[i], 0);
}

static void begin_executor(struct fan_probe_executor *slot, enum fan_probe_executor_kind kind,
                           enum fan_probe_policy policy, uint64_t limit, uint64_t creator)
{
    FAN_PROBE_SET(slot->kind, kind);
    FAN_PROBE_SET(slot->policy, policy);
    FAN_PROBE_SET(slot->id, ++executors_ever);
    FAN_PROBE_SET(slot->creator, creator);
    FAN_PROBE_SET(slot->created_ns, fan_clock_ns());
    FAN_PROBE_SET(slot->ended_ns, 0);
    FAN_PROBE_SET(slot->limit, limit);
    FAN_PROBE_SET(slot->threads, 0);
    FAN_PROBE_SET(slot->unseen_in_flight, 0);
    set_tally(&slot->tally, &(struct fan_probe_tally){0});
    clear_latency(slot);
}

struct fan_probe_executor *fan_probe_executor_add(enum fan_probe_executor_kind kind,
                                                  enum fan_probe_policy policy, const char *name,
                                                  uint64_t limit, uint64_t creator)
{
    if (!installed || !installed->executors)
        return NULL;
    struct fan_stack created;
    fan_stack_capture(&created, 0);
    lock_tables();
    struct fan_probe_executor *slot = free_or_longest_ended();
    if (slot) {
        fan_probe_open(&slot->seq);
        begin_executor(slot, kind, policy, limit, creator);
        set_name(slot->name, name);
        fan_probe_set_stack(&slot->created, &created);
        fan_probe_shut(&slot->seq);
    } else {
        fan_probe_count(installed->unseen_executors, 1);
    }
    unlock_tables();
    return slot;
}

void fan_probe_executor_end(struct fan_probe_executor *slot)
{
    if (!slot)
        return;
    lock_tables();
    fan_probe_open(&slot->seq);
    FAN_PROBE_SET(slot->ended_ns, fan_clock_ns());
    fan_probe_shut(&slot->seq);
    unlock_tables();
}

void fan_probe_executor_collect(struct fan_probe_executor *slot, struct fan_probe_post *post,
                                bool leaves)
{
    const struct fan_probe_tally *counted = &post->tally;
    if (!slot)
        return;
    fan_probe_open(&slot->seq);
    fan_probe_count(&slot->tally.submitted, counted->submitted);
    fan_probe_count(&slot->tally.done, counted->done);
    fan_probe_count(&slot->tally.failed, counted->failed);
    fan_probe_count(&slot->tally.cancelled, counted->cancelled);
    fan_probe_count(&slot->tally.dropped, counted->dropped);
    fan_probe_count(&slot->tally.stolen, counted->stolen);
    set_tally(&post->tally, &(struct fan_probe_tally){0});
    if (leaves)
        clear_post(post);
    fan_probe_shut(&slot->seq);
}

void fan_probe_group_started(struct fan_probe_executor *group)
{
    if (!group)
        return;
    lock_tables();
    fan_probe_open(&group->seq);
    fan_probe_count(&group->tally.submitted, 1);
    fan_probe_count(&group->threads, 1);
    fan_probe_shut(&group->seq);
    unlock_tables();
}

static uint64_t *counter_of(struct fan_probe_tally *tally, int error)
{
    if (error == 0)
        return &tally->done;
    return error == ECANCELED ? &tally->cancelled : &tally->failed;
}

void fan_probe_group_ended(struct fan_probe_executor *group, int error, uint64_t took_ns)
{
    if (!group)
        return;
    lock_tables();
    fan_probe_open(&group->seq);
    fan_probe_count(counter_of(&group->tally, error), 1);
    fan_probe_count(&group->timed, 1);
    fan_histogram_record(&group->latency, took_ns);
    fan_probe_shut(&group->seq);
    unlock_tables();
}
