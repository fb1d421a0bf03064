/* The main function of a child made from a user's file: its scenarios are those that FAN_SCENARIO
 * has put into a section of the executable, whose bounds the linker gives. */
#include <assert.h>

#include "base/panic.h"
#include "lab/child.h"

/* Weak: a file may declare none. */
extern const struct fan_scenario *const __start_fan_scenarios[] __attribute__((weak));
extern const struct fan_scenario *const __stop_fan_scenarios[] __attribute__((weak));

/* What assert calls, in place of the C library's: a failed assertion is a panic, which can be told
 * of with its stack and does not end the child of an exploration. */
void __assert_fail(const char *assertion, const char *file, unsigned line, const char *function)
{
    (void)file;
    (void)line;
    fan_panic("assertion '%s' failed in %s", assertion, function);
}

int main(int argc, char **argv)
{
    /* cppcheck-suppress comparePointers; they are the two ends of one array */
    size_t count = (size_t)(__stop_fan_scenarios - __start_fan_scenarios);
    return fan_child_main(argc, argv, __start_fan_scenarios, count);
}
