#ifndef FAN_APP_UTF8_H
#define FAN_APP_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* UTF-8 without the locale's help, which would read it only in a UTF-8 locale. */

/* Writes a code point as one to four bytes, which are not terminated, and returns how many. */
size_t fan_utf8_encode(uint32_t codepoint, char bytes[4]);

/* Takes one character off a terminated text that is not at its end. False for what is not UTF-8
 * (overlong forms and surrogates included), which is stepped over one byte at a time. */
bool fan_utf8_decode(const char **text, uint32_t *codepoint);

#endif
