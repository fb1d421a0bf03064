#include "app/step_words.h"

#include <stdio.h>
#include <string.h>

#include "sim/op.h"
#include "watch/words.h"

/* ---- the goal ---- */

static const char *const goals[FAN_FINDING_KINDS] = {
    [FAN_FINDING_DEADLOCK] = "bring it to a standstill, for ever",
    [FAN_FINDING_LEAK] = "leave a thread behind that waits for ever",
    [FAN_FINDING_PANIC] = "make it panic",
    [FAN_FINDING_MISUSE] = "make it use something against its rules",
    [FAN_FINDING_RACE] = "let two threads touch the same memory, unordered",
    [FAN_FINDING_LOCK_ORDER] = "let two threads take locks in opposite orders",
    [FAN_FINDING_LIVELOCK] = "let it go on for ever and get nowhere",
    [FAN_FINDING_WRONG_RESULT] = "make a result be missing or wrong",
    [FAN_FINDING_LOST_ORDER] = "make the results come out of order",
    [FAN_FINDING_LOST_ERROR] = "make it return another error than the one that counts",
    [FAN_FINDING_IDLE_WORKERS] = "leave a worker without work while work waits",
    [FAN_FINDING_HEAD_OF_LINE] = "let an item wait while a worker has nothing to do",
    [FAN_FINDING_CANCEL_IGNORED] = "let work go on after the cancel",
    [FAN_FINDING_UNBOUNDED] = "make it grow with its items",
    [FAN_FINDING_FALSE_SHARING] = "let two threads write to one cache line",
};

void fan_step_words_goal(const struct fan_variant *variant, char words[FAN_STEP_WORDS])
{
    const char *goal = variant->expected_count ? goals[variant->expected[0]]
                                               : "find a schedule that breaks it, if there is one";
    snprintf(words, FAN_STEP_WORDS, "%s", goal);
}

/* ---- names ---- */

static const char *label_of(const struct fan_step *step, uint32_t thread)
{
    const struct fan_snapshot *now = step->run->snapshot;
    return thread < now->thread_count ? now->threads[thread].label : "a thread";
}

static const char *label_by_id(const struct fan_step *step, uint64_t id)
{
    int index = fan_snapshot_thread(step->run->snapshot, id);
    return index == FAN_NO_INDEX ? "another thread" : step->run->snapshot->threads[index].label;
}

static const struct fan_object_view *object_by_id(const struct fan_step *step, uint64_t id)
{
    int index = id ? fan_snapshot_object(step->run->snapshot, id) : FAN_NO_INDEX;
    return index == FAN_NO_INDEX ? NULL : &step->run->snapshot->objects[index];
}

static const char *name_of(const struct fan_step *step, const struct fan_chair_thread *thread)
{
    const struct fan_object_view *object = object_by_id(step, thread->object);
    if (thread->kind == FAN_OP_JOIN)
        return thread->object ? label_by_id(step, thread->object) : "all threads";
    if (*thread->name)
        return thread->name;
    return object ? object->name : "";
}

static const char *or_it(const char *name)
{
    return *name ? name : "it";
}

static const char *name_of_op(uint8_t op)
{
    return op < FAN_OP_COUNT ? fan_op_name(op) : "?";
}

/* ---- the next operation ---- */

static void words_of_select(const struct fan_step *step, const struct fan_chair_thread *thread,
                            struct fan_words *words)
{
    fan_words_add(words, "select ");
    for (uint32_t i = 0; i < thread->case_count && i < FAN_CHAIR_CASES; i++) {
        const struct fan_object_view *object = object_by_id(step, thread->cases[i].id);
        fan_words_add(words, "%s%s%s%s", i ? ", " : "", name_of_op(thread->cases[i].op),
                      object ? " " : "", object ? object->name : "");
    }
    if (thread->case_count > FAN_CHAIR_CASES)
        fan_words_add(words, " and %u more", thread->case_count - FAN_CHAIR_CASES);
}

void fan_step_words_operation(const struct fan_step *step, uint32_t index,
                              char text[FAN_STEP_WORDS])
{
    const struct fan_chair_thread *thread = &fan_step_chair(step)->threads[index];
    struct fan_words words = fan_words_begin(text, FAN_STEP_WORDS);
    const char *name = name_of(step, thread);
    if (thread->ended) {
        fan_words_add(&words, "has ended");
        return;
    }
    fan_words_add(&words, "%s", thread->stage == FAN_STAGE_RESUME ? "... " : "");
    if (thread->kind == FAN_OP_SELECT && thread->case_count)
        words_of_select(step, thread, &words);
    else if (thread->kind == FAN_OP_NONE)
        fan_words_add(&words, "%s", thread->pc ? "touches" : "begins");
    else
        fan_words_add(&words, "%s%s%s", name_of_op(thread->kind), *name ? " " : "", name);
}

/* ---- whether it can run ---- */

/* It has not yet begun to wait, and would have to. */
static void reason_before(const struct fan_step *step, const struct fan_chair_thread *thread,
                          struct fan_words *words)
{
    const char *name = name_of(step, thread);
    switch (thread->kind) {
    case FAN_OP_SEND:
        fan_words_add(words, "%s is full", or_it(name));
        break;
    case FAN_OP_RECV:
        fan_words_add(words, "%s is empty", or_it(name));
        break;
    case FAN_OP_LOCK:
        fan_words_add(words, "%s holds %s", label_by_id(step, thread->holder), or_it(name));
        break;
    case FAN_OP_GROUP_WAIT:
        fan_words_add(words, "%s is at %lld", or_it(name), (long long)thread->count);
        break;
    case FAN_OP_JOIN:
        fan_words_add(words, thread->object ? "%s has not ended" : "not all have ended", name);
        break;
    case FAN_OP_ONCE:
        fan_words_add(words, "another thread runs it");
        break;
    default:
        fan_words_add(words, "it has to wait");
        break;
    }
}

/* Others see it waiting. */
static void reason_inside(const struct fan_chair_thread *thread, struct fan_words *words)
{
    switch (thread->kind) {
    case FAN_OP_SEND:
        fan_words_add(words, "nobody has received");
        break;
    case FAN_OP_RECV:
        fan_words_add(words, "nobody has sent");
        break;
    case FAN_OP_SELECT:
        fan_words_add(words, "no case is ready");
        break;
    case FAN_OP_COND_WAIT:
        fan_words_add(words, "nobody has signalled");
        break;
    case FAN_OP_ACQUIRE:
        fan_words_add(words, "too few permits are free");
        break;
    case FAN_OP_LOCK:
    case FAN_OP_LOCK_SHARED:
        fan_words_add(words, "others hold it, or came first");
        break;
    case FAN_OP_SLEEP:
        fan_words_add(words, "it sleeps until nothing else can run");
        break;
    default:
        fan_words_add(words, "it waits");
        break;
    }
}

static void words_of_reason(const struct fan_step *step, uint32_t index, struct fan_words *words)
{
    const struct fan_chair_thread *thread = &fan_step_chair(step)->threads[index];
    if (thread->kind == FAN_OP_SLEEP || thread->stage == FAN_STAGE_RESUME)
        reason_inside(thread, words);
    else
        reason_before(step, thread, words);
    if (thread->timed && thread->kind != FAN_OP_SLEEP)
        fan_words_add(words, "; has a deadline");
}

/* Where a thread stands when the run is over, and it has not ended. */
static void words_of_end(const struct fan_step *step, uint32_t index, struct fan_words *words)
{
    const struct fan_snapshot *now = step->run->snapshot;
    if (index >= now->thread_count)
        return;
    if (now->panicked && now->panic_thread == now->threads[index].id)
        fan_words_add(words, "panicked");
    else if (now->threads[index].state == FAN_STATE_BLOCKED && step->run->verdict->finding_count)
        fan_words_add(words, "waits for ever");
}

void fan_step_words_ability(const struct fan_step *step, uint32_t index, char text[FAN_STEP_WORDS])
{
    const struct fan_chair *chair = fan_step_chair(step);
    const struct fan_chair_thread *thread = &chair->threads[index];
    struct fan_words words = fan_words_begin(text, FAN_STEP_WORDS);
    if (thread->ended || chair->due == FAN_CHAIR_VALUE)
        return;
    if (chair->due == FAN_CHAIR_NOTHING) {
        words_of_end(step, index, &words);
        return;
    }
    fan_words_add(&words, "%s",
                  !thread->enabled  ? "no: "
                  : thread->by_time ? "yes, its time has come"
                                    : "yes");
    if (!thread->enabled)
        words_of_reason(step, index, &words);
}

void fan_step_words_refusal(const struct fan_step *step, uint32_t index, char text[FAN_STEP_NOTE])
{
    const struct fan_chair_thread *thread = &fan_step_chair(step)->threads[index];
    struct fan_words words = fan_words_begin(text, FAN_STEP_NOTE);
    fan_words_add(&words, "%s %s", label_of(step, index),
                  thread->ended ? "has ended" : "cannot run: ");
    if (!thread->ended)
        words_of_reason(step, index, &words);
}

/* ---- the search ---- */

/* "4,212" */
static void add_number(struct fan_words *words, uint64_t number)
{
    if (number >= 1000)
        fan_words_add(words, "%llu,%03llu", (unsigned long long)number / 1000,
                      (unsigned long long)number % 1000);
    else
        fan_words_add(words, "%llu", (unsigned long long)number);
}

void fan_step_words_share(const struct fan_step_search *search, char text[FAN_STEP_WORDS])
{
    struct fan_words words = fan_words_begin(text, FAN_STEP_WORDS);
    if (search->state == FAN_STEP_UNSEARCHED || search->state == FAN_STEP_SEARCH_BROKEN)
        return;
    fan_words_add(&words, search->state == FAN_STEP_SEARCHING ? "searching: " : "");
    fan_words_add(&words, "bites in ");
    add_number(&words, search->failing);
    fan_words_add(&words, " of ");
    add_number(&words, search->schedules);
    fan_words_add(&words, " schedules");
}
