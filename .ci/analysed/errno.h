/* Found before the system's <errno.h> when an analyser reads the tree, never in a build. Analysers
 * do not know that errno is positive after a call that failed, and would follow "return errno;"
 * into code that only runs after success. */
#include_next <errno.h>

#ifndef ANALYSED_ERRNO_H
#define ANALYSED_ERRNO_H

static inline int *errno_after_failure(void)
{
    int *place = __errno_location();
    if (*place <= 0)
        __builtin_unreachable();
    return place;
}

#undef errno
#define errno (*errno_after_failure())

#endif
