#include "app/screen/wrap.h"

#include <stdio.h>
#include <string.h>

enum { NARROWEST = 20 };

static size_t clamp(int width)
{
    if (width < NARROWEST)
        return NARROWEST;
    return width < FAN_WRAP_LINE ? (size_t)width : FAN_WRAP_LINE - 1;
}

/* No part may end inside a character of several bytes. */
static size_t whole_characters(const char *text, size_t length)
{
    while (length > 1 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    return length;
}

static size_t fitting_length(const char *text, size_t width)
{
    size_t length = strlen(text);
    if (length <= width)
        return length;
    for (size_t at = width; at > width / 2; at--) {
        if (text[at] == ' ')
            return at;
    }
    return whole_characters(text, width);
}

const char *fan_wrap_take(const char *text, int width, char line[FAN_WRAP_LINE])
{
    size_t length = fitting_length(text, clamp(width));
    snprintf(line, FAN_WRAP_LINE, "%.*s", (int)length, text);
    text += length;
    text += strspn(text, " ");
    return *text ? text : NULL;
}
