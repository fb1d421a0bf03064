#include "watch/explain.h"

#include <string.h>

/* ---- whole threads ---- */

static bool same_waits(const struct fan_thread_view *a, const struct fan_thread_view *b)
{
    if (a->wait_count != b->wait_count)
        return false;
    for (uint32_t i = 0; i < a->wait_count && i < FAN_PROBE_WAITS; i++)
        if (a->waits[i].index != b->waits[i].index || a->waits[i].op != b->waits[i].op ||
            a->waits[i].kind != b->waits[i].kind)
            return false;
    return true;
}

/* ---- what has become of threads ---- */

/* Why what a thread waits for does not come, while it is being told. */
struct story {
    const struct fan_snapshot *snapshot;
    const struct fan_thread_view *self;
    struct fan_words words;
    struct fan_thread_set told; /* whose whereabouts have been told */
    bool anybody;               /* any thread could do it, not only those told of */
};

static struct fan_thread_set users_of(const struct story *story, const uint64_t *users)
{
    struct fan_thread_set set = {0};
    for (uint32_t i = 0; i < story->snapshot->thread_count; i++) {
        const struct fan_thread_view *thread = &story->snapshot->threads[i];
        bool uses = users[thread->slot / 64] >> (thread->slot % 64) & 1;
        set.has[i] = uses && thread != story->self;
    }
    return set;
}

static struct fan_thread_set in_state(const struct fan_snapshot *snapshot,
                                      const struct fan_thread_set *all, enum fan_probe_state state)
{
    struct fan_thread_set set = {0};
    for (uint32_t i = 0; i < snapshot->thread_count; i++)
        set.has[i] = all->has[i] && snapshot->threads[i].state == state;
    return set;
}

static void add_ended(struct story *story, const struct fan_thread_set *ended)
{
    fan_words_threads(&story->words, story->snapshot, ended);
    fan_words_add(&story->words, fan_thread_set_count(ended) == 1 ? " has ended" : " have ended");
}

/* Those of `left` that wait for what its first one waits for. */
static struct fan_thread_set take_alike(const struct fan_snapshot *snapshot,
                                        struct fan_thread_set *left, uint32_t *first)
{
    struct fan_thread_set alike = {0};
    *first = 0;
    while (!left->has[*first])
        ++*first;
    for (uint32_t i = *first; i < snapshot->thread_count; i++)
        if (left->has[i] && same_waits(&snapshot->threads[i], &snapshot->threads[*first])) {
            alike.has[i] = true;
            left->has[i] = false;
        }
    return alike;
}

static void add_blocked(struct story *story, const struct fan_thread_set *blocked)
{
    struct fan_thread_set left = *blocked;
    while (fan_thread_set_count(&left) > 0) {
        uint32_t first;
        struct fan_thread_set alike = take_alike(story->snapshot, &left, &first);
        bool alone = fan_thread_set_count(&alike) == 1;
        fan_words_threads(&story->words, story->snapshot, &alike);
        fan_words_add(&story->words, alone ? " is itself blocked: " : " are themselves blocked: ");
        fan_words_waits_for(&story->words, story->snapshot, &story->snapshot->threads[first]);
        fan_words_add(&story->words, fan_thread_set_count(&left) > 0 ? ", " : "");
    }
}

/* "worker 1 to worker 3 have ended, worker 4 is itself blocked: send on channel out". */
static void add_whereabouts(struct story *story, const struct fan_thread_set *threads)
{
    struct fan_thread_set ended = in_state(story->snapshot, threads, FAN_STATE_DONE);
    struct fan_thread_set blocked = in_state(story->snapshot, threads, FAN_STATE_BLOCKED);
    size_t ended_count = fan_thread_set_count(&ended);
    size_t blocked_count = fan_thread_set_count(&blocked);
    for (uint32_t i = 0; i < story->snapshot->thread_count; i++)
        story->told.has[i] |= threads->has[i];
    if (ended_count > 0)
        add_ended(story, &ended);
    if (ended_count > 0 && blocked_count > 0)
        fan_words_add(&story->words, ", ");
    if (blocked_count > 0)
        add_blocked(story, &blocked);
    if (ended_count + blocked_count > 0)
        return;
    fan_words_threads(&story->words, story->snapshot, threads);
    fan_words_add(&story->words, " can still run");
}

static void add_thread_by_id(struct story *story, const char *role, uint64_t id)
{
    struct fan_thread_set one = {0};
    int index = fan_snapshot_thread(story->snapshot, id);
    fan_words_add(&story->words, "%s ", role);
    if (index == FAN_NO_INDEX) {
        fan_words_add(&story->words, "is not shown");
        return;
    }
    one.has[index] = true;
    add_whereabouts(story, &one);
}

/* Says of all other threads that none is left to do anything; nothing if that is not so. */
static void add_nobody_left(struct story *story)
{
    const char *separator = story->words.length ? "; " : "";
    uint32_t ended = 0, blocked = 0;
    for (uint32_t i = 0; i < story->snapshot->thread_count; i++) {
        const struct fan_thread_view *thread = &story->snapshot->threads[i];
        ended += thread->state == FAN_STATE_DONE;
        blocked += thread->state == FAN_STATE_BLOCKED && thread != story->self;
    }
    if (ended + blocked + 1 < story->snapshot->thread_count)
        return;
    if (ended + blocked == 0)
        fan_words_add(&story->words, "%sthere is no other thread", separator);
    else
        fan_words_add(&story->words, "%severy other thread %s", separator,
                      !blocked ? "has ended"
                      : !ended ? "is blocked"
                               : "has ended or is blocked");
}

/* "its senders worker 1 to worker 4 have ended", or that nobody did it. */
static void add_users(struct story *story, const struct fan_thread_set *users, const char *role,
                      const char *did_it)
{
    size_t count = fan_thread_set_count(users);
    story->anybody = true;
    if (count > 0) {
        fan_words_add(&story->words, "its %s%s ", role, count == 1 ? "" : "s");
        add_whereabouts(story, users);
    } else {
        fan_words_add(&story->words, "no other thread has %s it", did_it);
    }
}

/* ---- what could wake a thread ---- */

static void add_owner_wakes(struct fan_words *words, const struct fan_snapshot *snapshot,
                            const struct fan_object_view *object, const char *what)
{
    int owner = fan_snapshot_thread(snapshot, object->owner);
    fan_words_add(words, "%s %s", what, object->name);
    if (owner != FAN_NO_INDEX)
        fan_words_add(words, " by %s", snapshot->threads[owner].label);
}

static void add_object_wakes(struct fan_words *words, const struct fan_snapshot *snapshot,
                             const struct fan_wait_view *wait)
{
    const struct fan_object_view *object = &snapshot->objects[wait->index];
    switch (wait->kind) {
    case FAN_KIND_CHANNEL:
        fan_words_add(words,
                      wait->op == FAN_OP_SEND ? "a recv on %s" : "a send on %s, or its close",
                      object->name);
        break;
    case FAN_KIND_MUTEX:
    case FAN_KIND_RWLOCK:
        add_owner_wakes(words, snapshot, object, "an unlock of");
        break;
    case FAN_KIND_ONCE:
        add_owner_wakes(words, snapshot, object, "the end of the function of");
        break;
    case FAN_KIND_CONDITION:
        fan_words_add(words, "a signal or broadcast of %s", object->name);
        break;
    case FAN_KIND_WAIT_GROUP:
        fan_words_add(words, "a done that brings the count of %s to 0", object->name);
        break;
    case FAN_KIND_SEMAPHORE:
        fan_words_add(words, "a release of %s", object->name);
        break;
    case FAN_KIND_CONTEXT:
        fan_words_add(words, "a cancel of %s", object->name);
        break;
    case FAN_KIND_TIMER:
        fan_words_add(words, "a reset of %s", object->name);
        break;
    default:
        break;
    }
}

static void add_wakes(struct fan_words *words, const struct fan_snapshot *snapshot,
                      const struct fan_wait_view *wait)
{
    if (wait->kind == FAN_KIND_THREAD) {
        fan_words_add(words, "the end of ");
        fan_words_object(words, snapshot, wait);
    } else if (wait->index == FAN_NO_INDEX) {
        fan_words_add(words, "what happens to ");
        fan_words_object(words, snapshot, wait);
    } else {
        add_object_wakes(words, snapshot, wait);
    }
}

/* ---- why that does not come ---- */

static bool same_crew(const struct fan_thread_view *a, const struct fan_thread_view *b)
{
    return a->creator == b->creator && strcmp(a->name, b->name) == 0 &&
           a->created.depth == b->created.depth &&
           memcmp(a->created.frames, b->created.frames,
                  a->created.depth * sizeof a->created.frames[0]) == 0;
}

static bool has_crew_in(const struct fan_snapshot *snapshot, const struct fan_thread_set *set,
                        uint32_t index)
{
    for (uint32_t i = 0; i < snapshot->thread_count; i++)
        if (set->has[i] && same_crew(&snapshot->threads[i], &snapshot->threads[index]))
            return true;
    return false;
}

/* Threads that ended without a done though others of their crew called it. If nobody did, all that
 * ended. */
static struct fan_thread_set ended_without_done(const struct fan_snapshot *snapshot,
                                                const struct fan_thread_set *did)
{
    struct fan_thread_set without = {0};
    bool nobody_did = fan_thread_set_count(did) == 0;
    for (uint32_t i = 0; i < snapshot->thread_count; i++)
        without.has[i] = snapshot->threads[i].state == FAN_STATE_DONE && !did->has[i] &&
                         (nobody_did || has_crew_in(snapshot, did, i));
    return without;
}

static void add_group_never(struct story *story, const struct fan_object_view *group)
{
    struct fan_thread_set did = users_of(story, group->take_users);
    struct fan_thread_set without = ended_without_done(story->snapshot, &did);
    story->anybody = true;
    fan_words_add(&story->words, "its count is %llu: %llu added, %llu done",
                  (unsigned long long)group->length, (unsigned long long)group->put,
                  (unsigned long long)group->taken);
    if (fan_thread_set_count(&without) > 0) {
        fan_words_add(&story->words, "; ");
        add_ended(story, &without);
        fan_words_add(&story->words, " without a done");
    } else if (fan_thread_set_count(&did) > 0) {
        fan_words_add(&story->words, "; of those who called done, ");
        add_whereabouts(story, &did);
    }
}

static void add_holders_never(struct story *story, const struct fan_object_view *object)
{
    uint64_t either[FAN_PROBE_USER_WORDS];
    for (size_t i = 0; i < FAN_PROBE_USER_WORDS; i++)
        either[i] = object->put_users[i] | object->take_users[i];
    struct fan_thread_set users = users_of(story, either);
    if (object->kind == FAN_KIND_SEMAPHORE)
        fan_words_add(&story->words, "%llu of %llu permits are out; ",
                      (unsigned long long)object->length, (unsigned long long)object->capacity);
    else
        fan_words_add(&story->words, "%llu hold it for reading; ",
                      (unsigned long long)object->length);
    add_users(story, &users, "user", "taken");
}

static void add_channel_never(struct story *story, const struct fan_object_view *chan, bool sending)
{
    struct fan_thread_set others = users_of(story, sending ? chan->take_users : chan->put_users);
    add_users(story, &others, sending ? "receiver" : "sender",
              sending ? "received from" : "sent on");
}

static void add_condition_never(struct story *story, const struct fan_object_view *cond)
{
    struct fan_thread_set signallers = users_of(story, cond->put_users);
    add_users(story, &signallers, "signaller", "signalled");
}

static void add_object_never(struct story *story, const struct fan_wait_view *wait)
{
    const struct fan_object_view *object = &story->snapshot->objects[wait->index];
    switch (wait->kind) {
    case FAN_KIND_CHANNEL:
        add_channel_never(story, object, wait->op == FAN_OP_SEND);
        break;
    case FAN_KIND_WAIT_GROUP:
        add_group_never(story, object);
        break;
    case FAN_KIND_CONDITION:
        add_condition_never(story, object);
        break;
    case FAN_KIND_MUTEX:
        add_thread_by_id(story, "its owner", object->owner);
        break;
    case FAN_KIND_ONCE:
        add_thread_by_id(story, "its runner", object->owner);
        break;
    case FAN_KIND_RWLOCK:
        if (object->owner)
            add_thread_by_id(story, "its writer", object->owner);
        else
            add_holders_never(story, object);
        break;
    case FAN_KIND_SEMAPHORE:
        add_holders_never(story, object);
        break;
    default:
        story->anybody = true;
        break;
    }
}

static void add_never(struct story *story, const struct fan_wait_view *wait)
{
    struct fan_thread_set one = {0};
    if (wait->index == FAN_NO_INDEX) {
        story->anybody = true;
    } else if (wait->kind == FAN_KIND_THREAD) {
        one.has[wait->index] = true;
        add_whereabouts(story, &one);
    } else {
        add_object_never(story, wait);
    }
}

/* ---- a culprit ---- */

static uint32_t shown_waits(const struct fan_thread_view *thread)
{
    return thread->wait_count < FAN_PROBE_WAITS ? thread->wait_count : FAN_PROBE_WAITS;
}

static void explain_what_could_wake(const struct fan_snapshot *snapshot,
                                    const struct fan_thread_view *thread, struct fan_words *words)
{
    for (uint32_t i = 0; i < shown_waits(thread); i++) {
        fan_words_add(words, i ? "; " : "");
        add_wakes(words, snapshot, &thread->waits[i]);
    }
}

/* Of a context or a timer there is nothing to tell but that nobody is left. */
static bool has_a_story(const struct fan_wait_view *wait)
{
    return wait->index != FAN_NO_INDEX && wait->kind != FAN_KIND_CONTEXT &&
           wait->kind != FAN_KIND_TIMER;
}

static void explain_why_never(struct story *story)
{
    const struct fan_thread_view *thread = story->self;
    for (uint32_t i = 0; i < shown_waits(thread); i++) {
        const struct fan_wait_view *wait = &thread->waits[i];
        if (has_a_story(wait) && story->words.length)
            fan_words_add(&story->words, "; ");
        if (has_a_story(wait) && thread->op == FAN_OP_SELECT) {
            fan_words_object(&story->words, story->snapshot, wait);
            fan_words_add(&story->words, ": ");
        }
        add_never(story, wait);
    }
    size_t told = fan_thread_set_count(&story->told);
    if (story->anybody && (told == 0 || told + 1 < story->snapshot->thread_count))
        add_nobody_left(story);
}

void fan_explain_culprit(const struct fan_snapshot *snapshot, uint32_t index,
                         struct fan_culprit *culprit)
{
    const struct fan_thread_view *thread = &snapshot->threads[index];
    struct fan_words waits_for = fan_words_begin(culprit->waits_for, sizeof culprit->waits_for);
    struct fan_words could_wake = fan_words_begin(culprit->could_wake, sizeof culprit->could_wake);
    struct story story = {.snapshot = snapshot, .self = thread};
    story.words = fan_words_begin(culprit->never, sizeof culprit->never);
    culprit->thread = *thread;
    fan_words_waits_for(&waits_for, snapshot, thread);
    explain_what_could_wake(snapshot, thread, &could_wake);
    explain_why_never(&story);
}

/* ---- a summary ---- */

static void add_objects(struct fan_words *words, const struct fan_snapshot *snapshot,
                        const struct fan_thread_view *thread)
{
    bool selects = thread->op == FAN_OP_SELECT;
    uint32_t count = selects || thread->wait_count == 0 ? shown_waits(thread) : 1;
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            fan_words_add(words, i + 1 < count ? ", " : " and ");
        fan_words_object(words, snapshot, &thread->waits[i]);
    }
}

void fan_explain_summary(const struct fan_snapshot *snapshot, const struct fan_thread_set *waiting,
                         char summary[160])
{
    struct fan_words words = fan_words_begin(summary, 160);
    struct fan_thread_set left = *waiting;
    while (fan_thread_set_count(&left) > 0) {
        uint32_t first;
        struct fan_thread_set alike = take_alike(snapshot, &left, &first);
        const struct fan_thread_view *thread = &snapshot->threads[first];
        fan_words_add(&words, words.length ? "; " : "");
        fan_words_threads(&words, snapshot, &alike);
        fan_words_add(&words, fan_thread_set_count(&alike) == 1 ? " waits " : " wait ");
        fan_words_add(&words, thread->op == FAN_OP_JOIN ? "for " : "on ");
        add_objects(&words, snapshot, thread);
    }
}
