/* The main function of a child made from a user's file: its scenarios are those that FAN_SCENARIO
 * has put into a section of the executable, whose bounds the linker gives. */
#include "lab/child.h"

/* Weak: a file may declare none. */
extern const struct fan_scenario *const __start_fan_scenarios[] __attribute__((weak));
extern const struct fan_scenario *const __stop_fan_scenarios[] __attribute__((weak));

int main(int argc, char **argv)
{
    /* cppcheck-suppress comparePointers; they are the two ends of one array */
    size_t count = (size_t)(__stop_fan_scenarios - __start_fan_scenarios);
    return fan_child_main(argc, argv, __start_fan_scenarios, count);
}
