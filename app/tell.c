#include "app/tell.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

enum { COLUMNS = 80 };

void fan_tell_wrapped(FILE *out, int used, int indent, const char *words)
{
    while (*words) {
        int gap = (int)strspn(words, " ");
        int length = (int)strcspn(words + gap, " ");
        if (used + gap + length > COLUMNS && used > indent) {
            fprintf(out, "\n%*s", indent, "");
            used = indent;
            words += gap;
            gap = 0;
        }
        used += fprintf(out, "%.*s", gap + length, words);
        words += gap + length;
    }
    fputc('\n', out);
}

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

void fan_tell_short_time(uint64_t ns, char words[16])
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    double value = (double)ns;
    int unit = 0;
    for (; value >= 1000 && unit < 3; unit++)
        value /= 1000;
    snprintf(words, 16, "%.*f %s", unit > 0 && value < 100 ? 1 : 0, value, units[unit]);
}

void fan_tell_count(double count, char words[16])
{
    static const char units[] = " kMGT";
    int unit = 0;
    if (count < 10000) {
        snprintf(words, 16, "%.0f", count);
        return;
    }
    for (; count >= 1000 && unit < 4; unit++)
        count /= 1000;
    snprintf(words, 16, "%.*f%c", count < 100 ? 1 : 0, count, units[unit]);
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

/* ---- executors ---- */

__attribute__((format(printf, 3, 4))) static void add(char *words, size_t size, const char *format,
                                                      ...)
{
    size_t used = strlen(words);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words + used, size - used, format, arguments);
    va_end(arguments);
}

static void add_level(const struct fan_snapshot *now, const struct fan_executor_view *executor,
                      char words[160])
{
    char age[16] = "";
    add(words, 160, ", %" PRIu64 " running", executor->in_flight);
    if (executor->waiting == 0)
        return;
    if (now->taken_ns > executor->oldest_ns)
        fan_tell_short_time(now->taken_ns - executor->oldest_ns, age);
    add(words, 160, ", %" PRIu64 " waiting %s", executor->waiting, age);
}

void fan_tell_executor(const struct fan_snapshot *now, const struct fan_executor_view *executor,
                       char words[160])
{
    snprintf(words, 160, "%s, ", executor->name);
    if (executor->limit)
        add(words, 160, "limit %" PRIu64, executor->limit);
    else
        add(words, 160, "no limit");
    add(words, 160, ", %s", fan_policy_name(executor->policy));
    if (executor->ended_ns)
        add(words, 160, ", ended");
    else
        add_level(now, executor, words);
}

static void add_part(uint64_t count, const char *what, const char **before, char words[200])
{
    if (count == 0)
        return;
    add(words, 200, "%s%" PRIu64 " %s", *before, count, what);
    *before = ", ";
}

/* Tasks that were too short for any clock, as in virtual time, have no times to tell. */
static void add_times(const struct fan_executor_view *executor, char words[200])
{
    char p50[16], p99[16];
    if (executor->most_ns == 0)
        return;
    fan_tell_short_time(executor->p50_ns, p50);
    fan_tell_short_time(executor->p99_ns, p99);
    add(words, 200, "; p50 %s, p99 %s (%" PRIu64 " timed)", p50, p99, executor->timed);
}

void fan_tell_tasks(const struct fan_executor_view *executor, char words[200])
{
    const struct fan_probe_tally *tally = &executor->tally;
    const char *before = ": ";
    if (tally->submitted == 0) {
        snprintf(words, 200, "no tasks");
        return;
    }
    snprintf(words, 200, "%" PRIu64 " task%s", tally->submitted, tally->submitted == 1 ? "" : "s");
    add_part(tally->done, "done", &before, words);
    add_part(tally->failed, "failed", &before, words);
    add_part(tally->cancelled, "cancelled", &before, words);
    add_part(tally->dropped, "dropped", &before, words);
    add_times(executor, words);
}
