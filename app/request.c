#include "app/request.h"

#include <stdio.h>
#include <string.h>

#include "bugs/table.h"

const char *const fan_request_strategies[] = {"random", "pct", "surw", "delay", "dpor", NULL};

const char *const fan_request_grains[] = {"coarse", "fine", NULL};

const char *const fan_request_switch[] = {"on", "off", NULL};

bool fan_request_fine(const char *grain)
{
    return grain && strcmp(grain, fan_request_grains[1]) == 0;
}

const char *fan_request_grain(bool fine)
{
    return fan_request_grains[fine];
}

const struct fan_scenario *fan_request_bug(const char *id, char why[FAN_OPTIONS_WHY])
{
    const struct fan_scenario *bug = fan_bugs_find(id);
    if (!bug)
        snprintf(why, FAN_OPTIONS_WHY,
                 "no bug is called '%.40s'; 'fanlab list' shows those there are (a C file's name"
                 " ends in .c)",
                 id);
    return bug;
}

const struct fan_variant *fan_request_variant(const struct fan_scenario *scenario, const char *name,
                                              char why[FAN_OPTIONS_WHY])
{
    int used =
        snprintf(why, FAN_OPTIONS_WHY, "%s has no variant '%.40s', only", scenario->id, name);
    for (size_t i = 0; i < scenario->variant_count; i++) {
        if (strcmp(scenario->variants[i].name, name) == 0)
            return &scenario->variants[i];
        if (used < FAN_OPTIONS_WHY)
            used += snprintf(why + used, (size_t)(FAN_OPTIONS_WHY - used), "%s %s", i ? "," : "",
                             scenario->variants[i].name);
    }
    return NULL;
}
