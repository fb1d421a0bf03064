/* A child that runs the attempts at repairs, each as a scenario of its own name. They are in a
 * section of the executable, whose bounds the linker gives. */
#include <stdlib.h>

#include "lab/child.h"
#include "tests/bugs/attempt.h"

extern const struct attempt __start_attempts[], __stop_attempts[];

int main(int argc, char **argv)
{
    size_t count = (size_t)(__stop_attempts - __start_attempts);
    struct fan_scenario *named = calloc(count, sizeof *named);
    const struct fan_scenario **scenarios = calloc(count, sizeof(struct fan_scenario *));
    if (!named || !scenarios) {
        free(named);
        free(scenarios);
        return FAN_CHILD_BROKEN;
    }
    for (size_t i = 0; i < count; i++) {
        named[i] = *__start_attempts[i].scenario;
        named[i].id = __start_attempts[i].name;
        scenarios[i] = &named[i];
    }
    return fan_child_main(argc, argv, scenarios, count);
}
