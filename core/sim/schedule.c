#include "sim/schedule.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print_deviation(const struct fan_deviation *one, char *text, size_t size)
{
    if (one->nth == 0)
        return snprintf(text, size, "%u.%u.%u", one->thread, one->op, one->chosen);
    if (one->nth == 1)
        return snprintf(text, size, "%u.%uv%u", one->thread, one->op, one->chosen);
    return snprintf(text, size, "%u.%uv%uv%u", one->thread, one->op, one->nth, one->chosen);
}

size_t fan_schedule_print(const struct fan_schedule *schedule, char *text, size_t size)
{
    size_t length = 0;
    if (schedule->count == 0)
        return (size_t)snprintf(text, size, "-");
    for (uint32_t i = 0; i < schedule->count && length + 1 < size; i++) {
        if (i > 0)
            text[length++] = '-';
        length += (size_t)print_deviation(&schedule->deviations[i], text + length, size - length);
    }
    return length;
}

static bool take_number(const char **at, unsigned long most, unsigned long *number)
{
    char *end;
    if (**at < '0' || **at > '9')
        return false;
    *number = strtoul(*at, &end, 10);
    *at = end;
    return *number <= most;
}

static bool take_mark(const char **at, char mark)
{
    bool there = **at == mark;
    *at += there;
    return there;
}

/* After "thread.op": ".chosen", "vchosen" or "vnthvchosen". */
static bool take_choice(const char **at, unsigned long *nth, unsigned long *chosen)
{
    *nth = take_mark(at, 'v');
    if (!*nth && !take_mark(at, '.'))
        return false;
    if (!take_number(at, UINT8_MAX, chosen))
        return false;
    if (!*nth || !take_mark(at, 'v'))
        return true;
    *nth = *chosen;
    return *nth > 1 && take_number(at, UINT8_MAX, chosen);
}

static bool take_deviation(const char **at, struct fan_schedule *schedule)
{
    unsigned long thread, op, nth, chosen;
    if (schedule->count == FAN_SCHEDULE_DEVIATIONS ||
        !take_number(at, FAN_SCHEDULE_THREADS - 1, &thread) || !take_mark(at, '.') ||
        !take_number(at, UINT16_MAX, &op) || !take_choice(at, &nth, &chosen))
        return false;
    schedule->deviations[schedule->count++] =
        (struct fan_deviation){(uint16_t)op, (uint8_t)thread, (uint8_t)nth, (uint8_t)chosen};
    return true;
}

int fan_schedule_parse(const char *text, struct fan_schedule *schedule)
{
    schedule->count = 0;
    schedule->overflowed = false;
    if (strcmp(text, "-") == 0)
        return 0;
    while (take_deviation(&text, schedule)) {
        if (*text == '\0')
            return 0;
        if (!take_mark(&text, '-'))
            break;
    }
    return EINVAL;
}

void fan_schedule_copy(struct fan_schedule *to, const struct fan_schedule *from)
{
    to->overflowed = from->overflowed;
    to->count = from->count;
    memcpy(to->deviations, from->deviations, from->count * sizeof from->deviations[0]);
}
