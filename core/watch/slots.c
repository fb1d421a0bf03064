/* No locks: slots are written by others at any time, a snapshot belongs to its caller. */
#include "watch/slots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* A slot is open for some 50 ns. One that is still open after this many looks belongs to a
     * writer that has lost its processor, and waiting for that is not the reader's business. */
    TRIES = 64
};

typedef uint64_t __attribute__((may_alias)) word;

void fan_slots_copy(void *to, const void *from, size_t size)
{
    for (size_t i = 0; i < size / sizeof(word); i++)
        ((word *)to)[i] = __atomic_load_n((const word *)from + i, __ATOMIC_ACQUIRE);
}

bool fan_slots_copy_settled(void *to, const void *slot, size_t size)
{
    const uint32_t *seq = slot;
    for (int i = 0; i < TRIES; i++) {
        uint32_t before = __atomic_load_n(seq, __ATOMIC_ACQUIRE);
        fan_slots_copy(to, slot, size);
        if (before % 2 == 0 && FAN_PROBE_GET(*seq) == before)
            return true;
    }
    return false;
}

void fan_slots_clean_text(char *to, const char *from, size_t size)
{
    size_t i = 0;
    for (; i + 1 < size && from[i]; i++)
        to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
    to[i] = '\0';
}

void fan_slots_clean_stack(struct fan_stack *to, const struct fan_stack *from)
{
    to->depth = from->depth < FAN_STACK_FRAMES ? from->depth : FAN_STACK_FRAMES;
    memcpy(to->frames, from->frames, to->depth * sizeof to->frames[0]);
}

static enum fan_probe_op known_op(uint32_t op)
{
    return op < FAN_OP_COUNT ? (enum fan_probe_op)op : FAN_OP_NONE;
}

static enum fan_probe_kind known_kind(uint32_t kind)
{
    return kind < FAN_KIND_COUNT ? (enum fan_probe_kind)kind : FAN_KIND_FREE;
}

/* Until fan_slots_connect, the indexes of a view are slots. */
static void view_waits(struct fan_thread_view *view, const struct fan_probe_thread *slot)
{
    view->wait_count = view->state == FAN_STATE_BLOCKED ? slot->wait_count : 0;
    for (uint32_t i = 0; i < view->wait_count && i < FAN_PROBE_WAITS; i++)
        view->waits[i] = (struct fan_wait_view){
            .op = known_op(slot->waits[i].op),
            .kind = known_kind(slot->waits[i].kind),
            .index = slot->waits[i].slot,
        };
}

static enum fan_probe_post_at known_at(uint32_t at)
{
    return at < FAN_AT_COUNT ? (enum fan_probe_post_at)at : FAN_AT_NOTHING;
}

/* The task before the next one is the one that runs. */
static void view_post(struct fan_post_view *view, const struct fan_probe_post *post)
{
    uint32_t next = post->share.next, end = post->share.end;
    view->executor = post->executor;
    view->at = known_at(post->at);
    view->task = post->first + (next ? next - 1 : 0);
    view->waiting = next < end ? end - next : 0;
    view->since_ns = post->since_ns;
    view->tally = post->tally;
}

static void view_thread(struct fan_thread_view *view, const struct fan_probe_thread *slot)
{
    view->id = slot->id;
    view->creator = slot->creator;
    fan_slots_clean_text(view->name, slot->name, sizeof view->name);
    view->os_thread = slot->os_thread;
    view->epoch = slot->seq;
    view->state = (enum fan_probe_state)slot->state;
    view->op = view->state == FAN_STATE_BLOCKED ? known_op(slot->op) : FAN_OP_NONE;
    view_waits(view, slot);
    view->since_ns = slot->since_ns;
    view->deadline_ns = slot->deadline_ns;
    view->created_ns = slot->created_ns;
    fan_slots_clean_stack(&view->stack, &slot->stack);
    fan_slots_clean_stack(&view->created, &slot->created);
    view->operations = slot->operations;
    view->last_pc = slot->last_pc;
    view->last_op = known_op((uint32_t)(slot->last >> 56));
    view->last_object = slot->last & UINT64_MAX >> 8;
    view->task = slot->task;
    view->tasks_begun = slot->tasks_begun;
    view->tasks_ended = slot->tasks_ended;
    view->tasks_failed = slot->tasks_failed;
    view_post(&view->post, &slot->post);
}

void fan_slots_read_threads(const struct fan_probe_thread *slots, struct fan_snapshot *snapshot)
{
    snapshot->thread_count = snapshot->unread_threads = 0;
    for (uint32_t i = 0; i < FAN_PROBE_THREADS; i++) {
        struct fan_probe_thread copy;
        if (FAN_PROBE_GET(slots[i].state) == FAN_STATE_FREE)
            continue;
        if (!fan_slots_copy_settled(&copy, &slots[i], sizeof copy) || copy.state > FAN_STATE_DONE) {
            snapshot->unread_threads++;
        } else if (copy.state != FAN_STATE_FREE) {
            struct fan_thread_view *view = &snapshot->threads[snapshot->thread_count++];
            view_thread(view, &copy);
            view->slot = i;
        }
    }
}

static uint64_t difference(uint64_t more, uint64_t less)
{
    return more > less ? more - less : 0;
}

/* The counters are not guarded, so an element may have come out by the time that it is counted in.
 */
static uint64_t length_of(const struct fan_object_view *view)
{
    if (view->kind == FAN_KIND_SEMAPHORE || view->kind == FAN_KIND_RWLOCK)
        return difference(view->taken, view->put);
    uint64_t length = difference(view->put, view->taken);
    return view->kind == FAN_KIND_CHANNEL && length > view->capacity ? view->capacity : length;
}

static void view_object_name(struct fan_object_view *view, const struct fan_probe_object *slot)
{
    fan_slots_clean_text(view->name, slot->name, sizeof view->name);
    if (!view->name[0])
        snprintf(view->name, sizeof view->name, "%s %llu", fan_kind_name(view->kind),
                 (unsigned long long)(view->id % 1000000000000));
}

static void view_object(struct fan_object_view *view, const struct fan_probe_object *slot)
{
    view->id = slot->id;
    view->creator = slot->creator;
    view->epoch = slot->seq;
    view->kind = (enum fan_probe_kind)slot->kind;
    view_object_name(view, slot);
    view->created_ns = slot->created_ns;
    view->capacity = slot->capacity;
    fan_slots_clean_stack(&view->created, &slot->created);
    view->closed = slot->closed != 0;
    view->cause = (int)slot->cause;
    view->closer = slot->closer;
    fan_slots_clean_stack(&view->closed_at, &slot->closed_at);
    view->owner = slot->owner;
    view->waiting_put = slot->waiting_put;
    view->waiting_take = slot->waiting_take;
    view->put = slot->put;
    view->taken = slot->taken;
    view->length = length_of(view);
    memcpy(view->put_users, slot->put_users, sizeof view->put_users);
    memcpy(view->take_users, slot->take_users, sizeof view->take_users);
}

static bool believable_kind(uint32_t kind)
{
    return kind < FAN_KIND_COUNT && kind != FAN_KIND_THREAD;
}

void fan_slots_read_objects(const struct fan_probe_object *slots, struct fan_snapshot *snapshot)
{
    snapshot->object_count = snapshot->unread_objects = 0;
    for (uint32_t i = 0; i < FAN_PROBE_OBJECTS; i++) {
        struct fan_probe_object copy;
        if (FAN_PROBE_GET(slots[i].kind) == FAN_KIND_FREE)
            continue;
        if (!fan_slots_copy_settled(&copy, &slots[i], sizeof copy) || !believable_kind(copy.kind)) {
            snapshot->unread_objects++;
        } else if (copy.kind != FAN_KIND_FREE) {
            struct fan_object_view *view = &snapshot->objects[snapshot->object_count++];
            view_object(view, &copy);
            view->slot = i;
        }
    }
}

static int older_first(const void *a, const void *b)
{
    uint64_t left = ((const struct fan_thread_view *)a)->id;
    uint64_t right = ((const struct fan_thread_view *)b)->id;
    return left < right ? -1 : left > right;
}

static void order_by_id(struct fan_snapshot *snapshot)
{
    for (uint32_t i = 1; i < snapshot->thread_count; i++)
        if (snapshot->threads[i].id < snapshot->threads[i - 1].id) {
            qsort(snapshot->threads, snapshot->thread_count, sizeof snapshot->threads[0],
                  older_first);
            return;
        }
}

/* The nearest older thread of the same name; as a rule that is close by. */
static int older_namesake(const struct fan_snapshot *snapshot, uint32_t index)
{
    for (int i = (int)index - 1; i >= 0; i--)
        if (strcmp(snapshot->threads[i].name, snapshot->threads[index].name) == 0)
            return i;
    return FAN_NO_INDEX;
}

static void number_crews(const struct fan_snapshot *snapshot, unsigned *numbers)
{
    for (uint32_t i = 0; i < snapshot->thread_count; i++) {
        int older = older_namesake(snapshot, i);
        if (older == FAN_NO_INDEX)
            continue;
        if (numbers[older] == 0)
            numbers[older] = 1;
        numbers[i] = numbers[older] + 1;
    }
}

static void label_threads(struct fan_snapshot *snapshot)
{
    unsigned numbers[FAN_PROBE_THREADS] = {0}; /* 0 = the only one of its name */
    number_crews(snapshot, numbers);
    for (uint32_t i = 0; i < snapshot->thread_count; i++) {
        struct fan_thread_view *thread = &snapshot->threads[i];
        if (numbers[i])
            snprintf(thread->label, sizeof thread->label, "%s %u", thread->name, numbers[i] % 1000);
        else
            snprintf(thread->label, sizeof thread->label, "%s", thread->name);
    }
}

struct indexes {
    int thread_in[FAN_PROBE_THREADS], object_in[FAN_PROBE_OBJECTS];
};

static void find_indexes(const struct fan_snapshot *snapshot, struct indexes *indexes)
{
    memset(indexes, 0xff, sizeof *indexes); /* FAN_NO_INDEX all over */
    for (uint32_t i = 0; i < snapshot->thread_count; i++)
        indexes->thread_in[snapshot->threads[i].slot] = (int)i;
    for (uint32_t i = 0; i < snapshot->object_count; i++)
        indexes->object_in[snapshot->objects[i].slot] = (int)i;
}

static int index_of_wait(const struct fan_snapshot *snapshot, const struct indexes *indexes,
                         const struct fan_wait_view *wait)
{
    if (wait->kind == FAN_KIND_THREAD)
        return wait->index < FAN_PROBE_THREADS ? indexes->thread_in[wait->index] : FAN_NO_INDEX;
    int index = wait->index < FAN_PROBE_OBJECTS ? indexes->object_in[wait->index] : FAN_NO_INDEX;
    bool same_kind = index != FAN_NO_INDEX && snapshot->objects[index].kind == wait->kind;
    return same_kind ? index : FAN_NO_INDEX;
}

static void clip(uint64_t *time_ns, uint64_t latest_ns)
{
    if (*time_ns > latest_ns)
        *time_ns = latest_ns;
}

static void connect_thread(const struct fan_snapshot *snapshot, const struct indexes *indexes,
                           struct fan_thread_view *thread)
{
    for (uint32_t i = 0; i < thread->wait_count && i < FAN_PROBE_WAITS; i++)
        thread->waits[i].index = index_of_wait(snapshot, indexes, &thread->waits[i]);
    clip(&thread->since_ns, snapshot->taken_ns);
    clip(&thread->created_ns, snapshot->taken_ns);
    clip(&thread->post.since_ns, snapshot->taken_ns);
}

/* A task of an executor's may be one that is marked, too. */
static uint64_t in_flight_of(const struct fan_thread_view *thread)
{
    uint64_t marked = difference(thread->tasks_begun, thread->tasks_ended);
    bool runs = thread->post.executor && thread->post.at == FAN_AT_TASKS;
    return marked == 0 && runs && thread->state != FAN_STATE_DONE ? 1 : marked;
}

void fan_slots_connect(struct fan_snapshot *snapshot)
{
    struct indexes indexes;
    order_by_id(snapshot);
    label_threads(snapshot);
    find_indexes(snapshot, &indexes);
    snapshot->in_flight = 0;
    for (uint32_t i = 0; i < snapshot->thread_count; i++) {
        struct fan_thread_view *thread = &snapshot->threads[i];
        connect_thread(snapshot, &indexes, thread);
        snapshot->in_flight += in_flight_of(thread);
    }
    for (uint32_t i = 0; i < snapshot->object_count; i++)
        clip(&snapshot->objects[i].created_ns, snapshot->taken_ns);
}
