#include "app/experiment/experiment.h"

#include <stddef.h>
#include <string.h>

static const struct fan_experiment *const experiments[] = {
    &fan_experiment_aimd,
    &fan_experiment_hedge,
    &fan_experiment_unbounded,
    &fan_experiment_ways,
};

const struct fan_experiment *fan_experiment_find(const char *name)
{
    for (size_t i = 0; i < sizeof experiments / sizeof experiments[0]; i++)
        if (strcmp(experiments[i]->name, name) == 0)
            return experiments[i];
    return NULL;
}
