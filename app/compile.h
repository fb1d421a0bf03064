#ifndef FAN_APP_COMPILE_H
#define FAN_APP_COMPILE_H

#include <stdbool.h>

#include "app/interrupt.h"

/* Makes a child's program of a user's C file, with cc (or what the environment variable CC names)
 * and the library that belongs to this program: beside it as `make install` puts it, else where it
 * was built. */
enum fan_compile_end {
    FAN_COMPILE_DONE,
    FAN_COMPILE_REFUSED, /* cc has said why */
    FAN_COMPILE_LACKING, /* no compiler, no library, no directory to work in */
    FAN_COMPILE_STOPPED, /* we were asked to stop, by `signal` */
};

struct fan_compile {
    const char *path;
    bool sim;   /* for the controlled scheduler */
    bool quiet; /* no warnings: they have been said */
    bool part;  /* of a file of ours: what of that stays unused is no matter */
    const struct fan_interrupt *interrupt;
    /* What becomes of it: */
    int program; /* a descriptor; the file it is of has no name any more */
    int signal;
    char why[160]; /* where something is lacking */
};

/* Fills in the lower half by the upper. Blocks for as long as the compiler takes; what that says
 * goes to standard error. Its files lie in a directory of their own (below TMPDIR, else /tmp),
 * which is removed before this returns. */
enum fan_compile_end fan_compile_make(struct fan_compile *compile);

#endif
