#ifndef FAN_APP_CLIPBOARD_H
#define FAN_APP_CLIPBOARD_H

#include <stddef.h>

/* The sequence of bytes by which a program asks its terminal to put a text into the clipboard: OSC
 * 52, with the text in base64. To be freed with free(); NULL if there is no memory. */
char *fan_clipboard_sequence(const char *text, size_t *length);

#endif
