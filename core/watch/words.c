#include "watch/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct fan_words fan_words_begin(char *text, size_t size)
{
    text[0] = '\0';
    return (struct fan_words){.text = text, .size = size};
}

void fan_words_add(struct fan_words *words, const char *format, ...)
{
    size_t room = words->size - words->length;
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(words->text + words->length, room, format, arguments);
    va_end(arguments);
    if (wanted < 0)
        return;
    if ((size_t)wanted < room) {
        words->length += (size_t)wanted;
    } else {
        words->length = words->size - 1;
        memcpy(words->text + words->size - 4, "...", 4);
    }
}

size_t fan_thread_set_count(const struct fan_thread_set *set)
{
    size_t count = 0;
    for (size_t i = 0; i < FAN_PROBE_THREADS; i++)
        count += set->has[i];
    return count;
}

/* Threads of one name that follow each other in it, all of them in the set. */
struct run {
    uint32_t first, last, count;
};

static bool next_of_name(const struct fan_snapshot *snapshot, uint32_t *index)
{
    const char *name = snapshot->threads[*index].name;
    for (uint32_t i = *index + 1; i < snapshot->thread_count; i++)
        if (strcmp(snapshot->threads[i].name, name) == 0) {
            *index = i;
            return true;
        }
    return false;
}

static struct run take_run(const struct fan_snapshot *snapshot, struct fan_thread_set *left,
                           uint32_t first)
{
    struct run run = {.first = first, .last = first, .count = 1};
    uint32_t next = first;
    left->has[first] = false;
    while (next_of_name(snapshot, &next) && left->has[next]) {
        left->has[next] = false;
        run.last = next;
        run.count++;
    }
    return run;
}

static void add_run(struct fan_words *words, const struct fan_snapshot *snapshot, struct run run)
{
    const char *first = snapshot->threads[run.first].label;
    const char *last = snapshot->threads[run.last].label;
    if (run.count == 1)
        fan_words_add(words, "%s", first);
    else
        fan_words_add(words, "%s %s %s", first, run.count == 2 ? "and" : "to", last);
}

void fan_words_threads(struct fan_words *words, const struct fan_snapshot *snapshot,
                       const struct fan_thread_set *set)
{
    struct run runs[FAN_PROBE_THREADS];
    struct fan_thread_set left = *set;
    uint32_t count = 0;
    for (uint32_t i = 0; i < snapshot->thread_count; i++)
        if (left.has[i])
            runs[count++] = take_run(snapshot, &left, i);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            fan_words_add(words, i + 1 < count ? ", " : " and ");
        add_run(words, snapshot, runs[i]);
    }
}

void fan_words_object(struct fan_words *words, const struct fan_snapshot *snapshot,
                      const struct fan_wait_view *wait)
{
    if (wait->index == FAN_NO_INDEX)
        fan_words_add(words, "a %s that is not shown", fan_kind_name(wait->kind));
    else if (wait->kind == FAN_KIND_THREAD)
        fan_words_add(words, "%s", snapshot->threads[wait->index].label);
    else
        fan_words_add(words, "%s", snapshot->objects[wait->index].name);
}

/* An object without a name of its own is called "channel 3" already. */
static bool name_tells_kind(const struct fan_snapshot *snapshot, const struct fan_wait_view *wait)
{
    const char *kind = fan_kind_name(wait->kind);
    return wait->index == FAN_NO_INDEX ||
           strncmp(snapshot->objects[wait->index].name, kind, strlen(kind)) == 0;
}

static void add_one_wait(struct fan_words *words, const struct fan_snapshot *snapshot,
                         const struct fan_wait_view *wait)
{
    if (wait->op == FAN_OP_SLEEP) {
        fan_words_add(words, "sleep");
        return;
    }
    fan_words_add(words, "%s %s ", fan_op_name(wait->op),
                  wait->kind == FAN_KIND_THREAD ? "of" : "on");
    if (wait->kind != FAN_KIND_THREAD && !name_tells_kind(snapshot, wait))
        fan_words_add(words, "%s ", fan_kind_name(wait->kind));
    fan_words_object(words, snapshot, wait);
}

static void add_case(struct fan_words *words, const struct fan_snapshot *snapshot,
                     const struct fan_wait_view *wait)
{
    fan_words_add(words, "%s ", fan_op_name(wait->op));
    fan_words_object(words, snapshot, wait);
}

static void add_select(struct fan_words *words, const struct fan_snapshot *snapshot,
                       const struct fan_thread_view *thread)
{
    fan_words_add(words, "select on ");
    for (uint32_t i = 0; i < thread->wait_count && i < FAN_PROBE_WAITS; i++) {
        fan_words_add(words, i ? ", " : "");
        add_case(words, snapshot, &thread->waits[i]);
    }
    if (thread->wait_count > FAN_PROBE_WAITS)
        fan_words_add(words, " and %u more", thread->wait_count - FAN_PROBE_WAITS);
}

void fan_words_waits_for(struct fan_words *words, const struct fan_snapshot *snapshot,
                         const struct fan_thread_view *thread)
{
    if (thread->op == FAN_OP_SELECT && thread->wait_count > 0)
        add_select(words, snapshot, thread);
    else if (thread->wait_count > 0)
        add_one_wait(words, snapshot, &thread->waits[0]);
    else
        fan_words_add(words, "%s", fan_op_name(thread->op));
}
