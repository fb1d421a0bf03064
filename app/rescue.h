#ifndef FAN_APP_RESCUE_H
#define FAN_APP_RESCUE_H

#include <stddef.h>
#include <termios.h>

/*
 * The rescue of the terminal when the process ends without asking: exit, abort, a segmentation
 * fault. It holds what to write and which modes to set, and does so from a signal handler.
 *
 * This is file-level state, one for the process, because a signal handler has no argument.
 */

/* Installs the handlers; from now on an end of the process writes `text` to descriptor fd and sets
 * its modes. text is copied. EINVAL if it is too long (over 255 bytes). Threads must not race with
 * this or with disarm. */
int fan_rescue_arm(int fd, const struct termios *modes, const char *text, size_t length);

/* The terminal is back in order: an end of the process leaves it alone. The handlers are gone. */
void fan_rescue_disarm(void);

#endif
