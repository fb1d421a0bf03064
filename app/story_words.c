#include "app/story_words.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/op.h"
#include "watch/words.h"

struct fan_story_source fan_story_source_of_run(const struct fan_run *run)
{
    const struct fan_story *told = &run->exploration->story;
    uint32_t count = told->count < FAN_STORY_STEPS ? told->count : FAN_STORY_STEPS;
    return (struct fan_story_source){.run = run, .told = told, .count = count};
}

struct fan_story_source fan_story_source_of(const struct fan_attempt *attempt)
{
    return fan_story_source_of_run(attempt->run);
}

int64_t fan_story_next_of_thread(const struct fan_story_source *source, uint32_t which)
{
    const struct fan_story_step *steps = source->told->steps;
    for (uint32_t i = which + 1; i < source->count; i++)
        if (steps[i].thread == steps[which].thread)
            return i;
    return -1;
}

/* ---- names ---- */

const char *fan_story_thread(const struct fan_story_source *source, uint32_t thread)
{
    const struct fan_snapshot *now = source->run->snapshot;
    return thread < now->thread_count ? now->threads[thread].label : "a thread";
}

static const char *name_by_id(const struct fan_story_source *source, uint64_t id)
{
    const struct fan_snapshot *now = source->run->snapshot;
    int index = id ? fan_snapshot_object(now, id) : FAN_NO_INDEX;
    return index == FAN_NO_INDEX ? "" : now->objects[index].name;
}

/* Of a select, that of the case which it took. */
const char *fan_story_object(const struct fan_story_source *source,
                             const struct fan_story_step *step)
{
    if (*step->name)
        return step->name;
    if (step->kind == FAN_OP_SELECT || step->taken_object)
        return name_by_id(source, step->taken_object);
    return step->object < FAN_STORY_OBJECTS
               ? name_by_id(source, source->told->objects[step->object])
               : "";
}

static const char *name_of_op(uint8_t op)
{
    return op < FAN_OP_COUNT ? fan_op_name(op) : "?";
}

const char *fan_story_op(const struct fan_story_step *step)
{
    if (step->kind == FAN_OP_NONE)
        return step->object ? "touches" : "begins";
    return name_of_op(step->kind);
}

const char *fan_story_error(int error)
{
    switch (error) {
    case EPIPE:
        return "closed";
    case ECANCELED:
        return "cancelled";
    case ETIMEDOUT:
        return "timed out";
    case EAGAIN:
        return "not ready";
    case EBUSY:
        return "busy";
    case EINVAL:
        return "invalid";
    default:
        return "error";
    }
}

/* ---- values ---- */

static bool looks_like_an_address(int64_t value)
{
    return value >= INT64_C(1) << 40 && value < INT64_C(1) << 47;
}

bool fan_story_integer(const struct fan_story_step *step, int64_t *value)
{
    uint64_t bits = 0;
    uint32_t size = step->size;
    if (size != 1 && size != 2 && size != 4 && size != 8)
        return false;
    memcpy(&bits, step->value, size);
    unsigned unused = 64 - 8 * size;
    *value = (int64_t)(bits << unused) >> unused;
    return true;
}

static void words_of_bytes(const struct fan_story_step *step, char words[FAN_STORY_VALUE_WORDS])
{
    enum { SHOWN = 4 };
    int used = 0;
    for (uint32_t i = 0; i < step->size && i < SHOWN; i++)
        used += snprintf(words + used, FAN_STORY_VALUE_WORDS - (size_t)used, "%02x",
                         (unsigned)step->value[i]);
    snprintf(words + used, FAN_STORY_VALUE_WORDS - (size_t)used, "%s (%u B)",
             step->size > SHOWN ? ".." : "", step->size);
}

void fan_story_words_of_value(const struct fan_story_step *step, char words[FAN_STORY_VALUE_WORDS])
{
    int64_t value;
    words[0] = '\0';
    if (step->size == 0)
        return;
    if (!fan_story_integer(step, &value))
        words_of_bytes(step, words);
    else if (looks_like_an_address(value))
        snprintf(words, FAN_STORY_VALUE_WORDS, "0x%" PRIx64, (uint64_t)value);
    else
        snprintf(words, FAN_STORY_VALUE_WORDS, "%" PRId64, value);
}

/* ---- steps ---- */

static bool gives(const struct fan_story_step *step)
{
    return step->kind == FAN_OP_SEND || step->taken == FAN_OP_SEND;
}

/* An error says more than the value that was to be sent. */
void fan_story_words_of_result(const struct fan_story_step *step, char words[FAN_STORY_VALUE_WORDS])
{
    char value[FAN_STORY_VALUE_WORDS];
    words[0] = '\0';
    fan_story_words_of_value(step, value);
    if (step->error)
        snprintf(words, FAN_STORY_VALUE_WORDS, "-> %s", fan_story_error(step->error));
    else if (*value)
        snprintf(words, FAN_STORY_VALUE_WORDS, "%s %.*s", gives(step) ? "<-" : "->",
                 FAN_STORY_VALUE_WORDS - 4, value);
}

/* A select took a case; or a step that is part of an operation (at the fine grain) is its last. */
static bool does_another(const struct fan_story_step *step)
{
    return step->taken != FAN_OP_NONE && step->taken != step->kind;
}

void fan_story_words_of_deed(const struct fan_story_source *source,
                             const struct fan_story_step *step, char words[FAN_STORY_WORDS])
{
    const char *object = fan_story_object(source, step);
    const char *op = fan_story_op(step);
    const char *space = *object ? " " : "";
    if (!does_another(step))
        snprintf(words, FAN_STORY_WORDS, "%s%s%.*s", op, space, FAN_STORY_NAME, object);
    else
        snprintf(words, FAN_STORY_WORDS, "%s%s %s%s%.*s", op,
                 step->kind == FAN_OP_SELECT ? ":" : ";", name_of_op(step->taken), space,
                 FAN_STORY_NAME, object);
}

/* Others may see it waiting from now on. */
static bool begins_to_wait(const struct fan_story_source *source, uint32_t which)
{
    int64_t next = fan_story_next_of_thread(source, which);
    return next >= 0 && source->told->steps[next].stage == FAN_STAGE_RESUME;
}

static bool took_no_case(const struct fan_story_step *step)
{
    return step->kind == FAN_OP_SELECT && step->error == EAGAIN;
}

void fan_story_words_of_step(const struct fan_story_source *source, uint32_t which,
                             char words[FAN_STORY_WORDS])
{
    const struct fan_story_step *step = &source->told->steps[which];
    char deed[FAN_STORY_WORDS], result[FAN_STORY_VALUE_WORDS];
    bool resumes = step->stage == FAN_STAGE_RESUME;
    fan_story_words_of_deed(source, step, deed);
    fan_story_words_of_result(step, result);
    if (took_no_case(step))
        snprintf(words, FAN_STORY_WORDS, "select: default");
    else
        snprintf(words, FAN_STORY_WORDS, "%s%.24s%s%.31s%s", resumes ? "... " : "", deed,
                 *result ? " " : "", result, begins_to_wait(source, which) ? " ..." : "");
}

/* ---- switches ---- */

static bool has_ended(const struct fan_story_source *source, uint32_t thread)
{
    const struct fan_snapshot *now = source->run->snapshot;
    return thread >= now->thread_count || now->threads[thread].state == FAN_STATE_DONE;
}

/* What the thread of this step waits for after it: what it does next, if it ever does. */
static void words_of_wait(const struct fan_story_source *source, uint32_t which,
                          char words[FAN_STORY_WORDS])
{
    const struct fan_story_step *steps = source->told->steps;
    int64_t next = fan_story_next_of_thread(source, which);
    const struct fan_snapshot *now = source->run->snapshot;
    uint32_t thread = steps[which].thread;
    words[0] = '\0';
    if (next >= 0) {
        struct fan_story_step wait = steps[next];
        if (wait.kind == FAN_OP_SELECT) /* which case is to come */
            wait.taken = FAN_OP_NONE, wait.taken_object = 0;
        fan_story_words_of_deed(source, &wait, words);
    } else if (thread < now->thread_count && now->threads[thread].state == FAN_STATE_BLOCKED) {
        struct fan_words waits = fan_words_begin(words, FAN_STORY_WORDS);
        fan_words_waits_for(&waits, now, &now->threads[thread]);
    }
}

bool fan_story_words_of_switch(const struct fan_story_source *source, uint32_t which,
                               char words[FAN_STORY_SWITCH])
{
    const struct fan_story_step *steps = source->told->steps;
    char wait[FAN_STORY_WORDS];
    if (which == 0 || steps[which].thread == steps[which - 1].thread)
        return false;
    const char *from = fan_story_thread(source, steps[which - 1].thread);
    const char *to = fan_story_thread(source, steps[which].thread);
    words_of_wait(source, which - 1, wait);
    if (steps[which].preempts)
        snprintf(words, FAN_STORY_SWITCH, "%s goes on, though %s could", to, from);
    else if (*wait)
        snprintf(words, FAN_STORY_SWITCH, "%s waits: %s; %s goes on", from, wait, to);
    else
        snprintf(words, FAN_STORY_SWITCH, "%s %s; %s goes on", from,
                 has_ended(source, steps[which - 1].thread) ? "has ended" : "cannot go on", to);
    return true;
}

/* ---- places ---- */

const struct fan_place *fan_story_place(const struct fan_story_source *source, uint64_t pc)
{
    return fan_symbols_find(source->run->symbols, source->run->snapshot->load_base, pc);
}

void fan_story_words_of_place(const struct fan_story_source *source, uint64_t pc,
                              char words[FAN_STORY_PLACE])
{
    char whole[160];
    const struct fan_place *place = pc ? fan_story_place(source, pc) : NULL;
    words[0] = '\0';
    if (!place || !*place->file)
        return;
    const char *slash = strrchr(place->file, '/');
    snprintf(whole, sizeof whole, "%s:%d", slash ? slash + 1 : place->file, place->line);
    size_t length = strlen(whole), most = FAN_STORY_PLACE - 1;
    strcpy(words, length > most ? whole + length - most : whole);
}
