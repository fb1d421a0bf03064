#include "app/explore_random.h"

#include <stdlib.h>
#include <string.h>

uint64_t fan_explore_median(uint64_t schedules, uint64_t failing)
{
    double none = 1;
    uint64_t runs = 0;
    if (failing == 0 || failing > schedules)
        return 0;
    for (; none > 0.5; runs++)
        none *= 1 - (double)failing / (double)schedules;
    return runs;
}

static void take(struct fan_explore *explore, const struct fan_explore *random)
{
    explore->random_schedules = random->schedules;
    explore->random_failing = random->failing;
}

void fan_explore_try_random(struct fan_explore *explore, const struct fan_interrupt *interrupt)
{
    struct fan_explore_request request = explore->request;
    struct fan_explore_listener nobody = {0};
    if (strcmp(request.strategy, "random") == 0) {
        take(explore, explore);
        return;
    }
    request.strategy = "random";
    request.schedules = FAN_EXPLORE_RANDOM;
    request.bound = 0;
    struct fan_explore *random = fan_explore_make(&request, &nobody, interrupt);
    if (random && random->end == FAN_EXPLORE_DONE)
        take(explore, random);
    if (random && random->end == FAN_EXPLORE_INTERRUPTED) {
        explore->end = FAN_EXPLORE_INTERRUPTED;
        explore->signal = random->signal;
    }
    free(random);
}
