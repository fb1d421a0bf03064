/* A child explores once, so a strategy's state lives as long as the process. */
#include "lab/sim_strategies.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "sim/random.h"

static int choose_random(uint64_t seed, uint64_t bound, struct fan_strategy *strategy)
{
    struct fan_random *random = calloc(1, sizeof *random);
    (void)bound;
    if (!random)
        return ENOMEM;
    random->state = seed;
    *strategy = (struct fan_strategy){&fan_strategy_random, random};
    return 0;
}

static const struct fan_chosen_strategy strategies[] = {
    {.name = "random", .choose = choose_random},
};

const struct fan_chosen_strategy *fan_strategies_find(const char *name)
{
    for (size_t i = 0; i < sizeof strategies / sizeof strategies[0]; i++)
        if (strcmp(strategies[i].name, name) == 0)
            return &strategies[i];
    return NULL;
}
