#include "bugs/table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

extern const struct fan_scenario fan_bug_01, fan_bug_02, fan_bug_03, fan_bug_04, fan_bug_05,
    fan_bug_06, fan_bug_07, fan_bug_08, fan_bug_09, fan_bug_10, fan_bug_11, fan_bug_12, fan_bug_13;

const struct fan_scenario *const fan_bugs[] = {
    &fan_bug_01, &fan_bug_02, &fan_bug_03, &fan_bug_04, &fan_bug_05, &fan_bug_06, &fan_bug_07,
    &fan_bug_08, &fan_bug_09, &fan_bug_10, &fan_bug_11, &fan_bug_12, &fan_bug_13};

const size_t fan_bugs_count = sizeof fan_bugs / sizeof fan_bugs[0];

static bool is_separator(char c)
{
    return c == '_' || c == '-' || c == ' ';
}

static bool same_name(const char *name, const char *asked)
{
    while (*name && (*name == *asked || (is_separator(*name) && is_separator(*asked)))) {
        name++;
        asked++;
    }
    return *name == '\0' && *asked == '\0';
}

static bool same_number(const char *id, const char *asked)
{
    uint64_t number, wanted;
    return fan_number_parse(id, 0, UINT64_MAX, &number) == 0 &&
           fan_number_parse(asked, 0, UINT64_MAX, &wanted) == 0 && number == wanted;
}

const struct fan_scenario *fan_bugs_find(const char *id)
{
    for (size_t i = 0; i < fan_bugs_count; i++)
        if (same_number(fan_bugs[i]->id, id) || same_name(fan_bugs[i]->name, id))
            return fan_bugs[i];
    return NULL;
}
