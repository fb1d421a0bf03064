#ifndef FAN_APP_KEYPRESS_H
#define FAN_APP_KEYPRESS_H

#include <stdbool.h>
#include <termios.h>

/* Single keys from the standard input, for a command that prints lines and has no screen. On a
 * terminal a key is taken when it is pressed, and not shown; elsewhere a key is a byte. Signals
 * stay as they are, ctrl-c among them. */
struct fan_keypress {
    bool open;     /* there may be more keys */
    bool terminal; /* and then: */
    struct termios before;
};

void fan_keypress_begin(struct fan_keypress *keys);

/* The key that was pressed, 0 if none was: to be asked when the standard input is readable. */
char fan_keypress_take(struct fan_keypress *keys);

/* The terminal is as it was. */
void fan_keypress_end(struct fan_keypress *keys);

#endif
