#include "app/tell.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *name_of(const struct fan_snapshot *now, const struct fan_wait_view *wait)
{
    if (wait->index == FAN_NO_INDEX)
        return fan_kind_name(wait->kind);
    return wait->kind == FAN_KIND_THREAD ? now->threads[wait->index].label
                                         : now->objects[wait->index].name;
}

void fan_tell_waiting(const struct fan_snapshot *now, const struct fan_thread_view *thread,
                      char words[160])
{
    int used = snprintf(words, 160, "%s", fan_op_name(thread->op));
    uint32_t shown = thread->wait_count < FAN_PROBE_WAITS ? thread->wait_count : FAN_PROBE_WAITS;
    if (thread->op == FAN_OP_SLEEP)
        shown = 0; /* its timer has no name */
    for (uint32_t i = 0; i < shown && used < 160; i++)
        used += snprintf(words + used, (size_t)(160 - used), "%s%s", i ? ", " : " on ",
                         name_of(now, &thread->waits[i]));
}

void fan_tell_duration(uint64_t ns, char words[24])
{
    double ms = (double)ns / 1e6;
    if (ms < 10)
        snprintf(words, 24, "%.1f ms", ms);
    else if (ms < 1000)
        snprintf(words, 24, "%.0f ms", ms);
    else
        snprintf(words, 24, "%.1f s", ms / 1e3);
}

static bool is_duration(const char *name)
{
    size_t length = strlen(name);
    return length > 3 && strcmp(name + length - 3, "_ns") == 0;
}

void fan_tell_figure(const struct fan_figure *figure, char *words, size_t size)
{
    char amount[24], name[sizeof figure->name];
    size_t used = strlen(words);
    snprintf(name, sizeof name, "%s", figure->name);
    if (is_duration(name)) {
        fan_tell_duration(figure->value, amount);
        name[strlen(name) - 3] = '\0';
    } else {
        snprintf(amount, sizeof amount, "%" PRIu64, figure->value);
    }
    for (char *c = name; *c; c++)
        *c = *c == '_' ? ' ' : *c;
    snprintf(words + used, size - used, "%s%s %s", used ? ", " : "", name, amount);
}

bool fan_tell_blocked(const struct fan_snapshot *now, const struct fan_thread_view *thread,
                      char words[200])
{
    char waiting[160], duration[24];
    if (thread->state != FAN_STATE_BLOCKED)
        return false;
    fan_tell_waiting(now, thread, waiting);
    fan_tell_duration(now->taken_ns > thread->since_ns ? now->taken_ns - thread->since_ns : 0,
                      duration);
    snprintf(words, 200, "%s: blocked %s, %.120s", thread->label, duration, waiting);
    return true;
}
