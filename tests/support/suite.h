#ifndef FAN_TESTS_SUPPORT_SUITE_H
#define FAN_TESTS_SUPPORT_SUITE_H

#include <check.h>

#include "base/panic.h"

/* An assertion for inner loops: unlike Check's own, one that holds costs nothing. */
#define ASSERT_OFTEN(condition)                                                                    \
    do {                                                                                           \
        if (!(condition))                                                                          \
            ck_abort_msg("%s", #condition);                                                        \
    } while (0)

/* Runs the tests of one program, each in a process of its own, and returns the exit status. */
int suite_run(const char *name, TCase *cases);

/* Calls run(argument), which must panic, and returns what it panicked with. Valid until the next
 * call. */
const struct fan_panic *suite_panic_of(void (*run)(void *), void *argument);

#endif
