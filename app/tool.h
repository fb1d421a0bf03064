#ifndef FAN_APP_TOOL_H
#define FAN_APP_TOOL_H

#include <stddef.h>

#include "app/interrupt.h"

/* Another program that is run to its end, such as the compiler: in a process group of its own,
 * which is ended as a whole when a signal asks us to stop. No shell is involved, so a word is a
 * word whatever it is made of. */
enum fan_tool_end {
    FAN_TOOL_EXITED,   /* with `status` */
    FAN_TOOL_DIED,     /* by signal `status` */
    FAN_TOOL_UNUSABLE, /* it could not be started: errno in `status` */
    FAN_TOOL_STOPPED,  /* we were asked to stop, by signal `status` */
};

struct fan_tool {
    char *const *argv; /* ended by NULL; argv[0] is looked for in PATH if it has no slash */
    char *output;      /* what it prints goes here, ended by a 0 byte, as much as fits; */
    size_t size;       /* or (NULL) to our standard error, where its messages always go */
};

/* Blocks until the program has ended. */
enum fan_tool_end fan_tool_run(const struct fan_tool *tool, const struct fan_interrupt *interrupt,
                               int *status);

#endif
