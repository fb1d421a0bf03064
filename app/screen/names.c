#include "app/screen/names.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fan_names fan_names_into(char *text, size_t size)
{
    text[0] = '\0';
    return (struct fan_names){.text = text, .size = size};
}

/* The number at the end of "worker 3", or NULL. */
static const char *number_in(const char *label)
{
    const char *space = strrchr(label, ' ');
    bool is_number = space && space[1] && strspn(space + 1, "0123456789") == strlen(space + 1);
    return is_number ? space + 1 : NULL;
}

static bool follows(const char *label, const char *last)
{
    const char *number = number_in(label), *before = number_in(last);
    return number && before && number - label == before - last &&
           strncmp(label, last, (size_t)(number - label)) == 0 &&
           strtoul(number, NULL, 10) == strtoul(before, NULL, 10) + 1;
}

static void append(struct fan_names *names, const char *before, const char *text)
{
    if (names->used + 1 >= names->size)
        return;
    size_t room = names->size - names->used;
    int length = snprintf(names->text + names->used, room, "%s%s", before, text);
    names->used += (size_t)length < room ? (size_t)length : room - 1;
}

void fan_names_add(struct fan_names *names, const char *label)
{
    if (follows(label, names->last)) {
        names->used = names->number_end;
        append(names, "-", number_in(label));
    } else {
        append(names, names->used ? ", " : "", label);
        names->number_end = names->used;
    }
    snprintf(names->last, sizeof names->last, "%s", label);
}
