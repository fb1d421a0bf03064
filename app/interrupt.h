#ifndef FAN_APP_INTERRUPT_H
#define FAN_APP_INTERRUPT_H

#include <signal.h>

/* The signals that ask a headless command to stop (SIGINT, SIGTERM, SIGHUP), as a descriptor to
 * poll beside the child's, so that none can come between a look and the wait for the next. Meant
 * for the main thread of a program that has no other. */
struct fan_interrupt {
    int fd; /* readable when one has come */
    sigset_t before;
};

/* From now on these signals wait at the descriptor. Errors: those of signalfd(2). */
int fan_interrupt_begin(struct fan_interrupt *interrupt);

/* The number of the signal that has come, 0 if none has. Does not block. */
int fan_interrupt_taken(const struct fan_interrupt *interrupt);

/* They have their usual effect again. */
void fan_interrupt_end(struct fan_interrupt *interrupt);

#endif
