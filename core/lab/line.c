/* The mark at the end is made from all that stands before it, so that a line which was cut or
 * mistyped is told from one of another program before anything is run. */
#include "lab/line.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PARTS = 5,
    WHY = 96,
    MARK = 2, /* hexadecimal digits of the mark */
    HASH = 4, /* and of a folded hash */
};

static const char begin[] = "fan1";

uint16_t fan_line_fold(uint64_t hash)
{
    hash ^= hash >> 32;
    return (uint16_t)(hash ^ hash >> 16);
}

/* FNV-1a (Fowler, Noll, Vo), folded to a byte. */
static uint8_t mark_of(const char *text, size_t length)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    hash ^= hash >> 16;
    return (uint8_t)(hash ^ hash >> 8);
}

void fan_line_print(const struct fan_line *line, char text[FAN_LINE_TEXT])
{
    size_t used = (size_t)snprintf(text, FAN_LINE_TEXT,
                                   "%s:%s%c.w%" PRIu64 "n%" PRIu64 "s%" PRIu64 "%s:%04x:", begin,
                                   line->scenario, line->variant, line->workers, line->items,
                                   line->seed, line->fine ? "f" : "", line->build);
    used += fan_schedule_print(&line->schedule, text + used, FAN_SCHEDULE_TEXT);
    used += (size_t)snprintf(text + used, FAN_LINE_TEXT - used, ":%04x", line->check);
    snprintf(text + used, FAN_LINE_TEXT - used, "%02x", mark_of(text, used));
}

static int complain(char why[WHY], const char *what)
{
    snprintf(why, WHY, "%s", what);
    return EINVAL;
}

/* Cuts a copy of the text at its colons. Returns how many parts there are. */
static size_t part(char *copy, char *parts[PARTS])
{
    size_t count = 0;
    for (char *at = copy; at; count++) {
        char *colon = strchr(at, ':');
        if (count < PARTS)
            parts[count] = at;
        if (colon)
            *colon++ = '\0';
        at = colon;
    }
    return count;
}

static bool is_hex(const char *text, size_t digits)
{
    return strlen(text) == digits && strspn(text, "0123456789abcdef") == digits;
}

static bool take_number(const char **at, char mark, uint64_t *number)
{
    char *end;
    if (**at != mark || (*at)[1] < '0' || (*at)[1] > '9')
        return false;
    errno = 0;
    *number = strtoull(*at + 1, &end, 10);
    *at = end;
    return errno == 0;
}

/* "02b.w4n20s1", or with an f at its end */
static bool take_what(const char *text, struct fan_line *line)
{
    const char *dot = strrchr(text, '.');
    size_t length = dot ? (size_t)(dot - text) : 0;
    if (length < 2 || length > sizeof line->scenario)
        return false;
    memcpy(line->scenario, text, length - 1);
    line->scenario[length - 1] = '\0';
    line->variant = text[length - 1];
    text = dot + 1;
    if (!take_number(&text, 'w', &line->workers) || !take_number(&text, 'n', &line->items) ||
        !take_number(&text, 's', &line->seed))
        return false;
    line->fine = *text == 'f';
    text += line->fine;
    return *text == '\0';
}

static int take_parts(char *parts[PARTS], struct fan_line *line, char why[WHY])
{
    if (!take_what(parts[1], line))
        return complain(why, "its second part names no bug, variant and numbers");
    if (!is_hex(parts[2], HASH))
        return complain(why, "its third part, the build, is not 4 hexadecimal digits");
    if (fan_schedule_parse(parts[3], &line->schedule) != 0)
        return complain(why, "its fourth part is no schedule");
    line->build = (uint16_t)strtoul(parts[2], NULL, 16);
    parts[4][HASH] = '\0';
    line->check = (uint16_t)strtoul(parts[4], NULL, 16);
    return 0;
}

/* What is true of the text before its parts are looked at. */
static int look_at(const char *text, char why[WHY])
{
    size_t length = strlen(text);
    if (length >= FAN_LINE_TEXT)
        return complain(why, "it is too long for a replay line");
    if (strncmp(text, "fan", 3) == 0 && text[3] >= '0' && text[3] <= '9' &&
        strncmp(text, "fan1:", 5) != 0 && strchr(text, ':'))
        return complain(why, "it is of another version of fanlab; this one reads fan1");
    if (strncmp(text, "fan1:", 5) != 0)
        return complain(why, "it is no replay line; one begins with fan1:");
    return 0;
}

int fan_line_parse(const char *text, struct fan_line *line, char why[WHY])
{
    char copy[FAN_LINE_TEXT], *parts[PARTS];
    struct fan_line parsed;
    int error = look_at(text, why);
    if (error)
        return error;
    strcpy(copy, text);
    size_t count = part(copy, parts);
    if (count < PARTS)
        return complain(why, "it was cut: of its 5 parts the last ones are missing");
    if (count > PARTS || !is_hex(parts[4], HASH + MARK))
        return complain(why, "it was cut or edited: it does not end in 6 hexadecimal digits");
    if (strtoul(parts[4] + HASH, NULL, 16) != mark_of(text, strlen(text) - MARK))
        return complain(why, "it was edited: its last two digits do not fit the rest");
    error = take_parts(parts, &parsed, why);
    if (!error)
        *line = parsed;
    return error;
}
