#include "app/clipboard.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char head[] = "\033]52;c;", tail[] = "\a";

/* Three bytes in four characters; of less than three, the rest is filled with equal signs. */
static char *put_group(char *at, const char *bytes, size_t count)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    for (size_t i = 0; i < 3; i++)
        bits = bits << 8 | (i < count ? (unsigned char)bytes[i] : 0);
    for (size_t i = 0; i < 4; i++)
        *at++ = i <= count ? digits[bits >> (18 - 6 * i) & 63] : '=';
    return at;
}

char *fan_clipboard_sequence(const char *text, size_t *length)
{
    size_t size = strlen(text);
    char *sequence = malloc(sizeof head + sizeof tail + (size + 2) / 3 * 4);
    if (!sequence)
        return NULL;
    strcpy(sequence, head);
    char *at = sequence + strlen(head);
    for (size_t done = 0; done < size; done += 3)
        at = put_group(at, text + done, size - done < 3 ? size - done : 3);
    strcpy(at, tail);
    *length = (size_t)(at - sequence) + strlen(tail);
    return sequence;
}
