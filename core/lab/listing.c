#include "lab/listing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lab/child.h"
#include "lab/line.h"
#include "lab/order.h"

static int refuse(const struct fan_scenario *scenario, const char *what, const char *which)
{
    fprintf(stderr, "scenario '%s': %s%s\n", scenario->id ? scenario->id : "", what, which);
    return FAN_CHILD_USAGE;
}

static bool is_word(const char *name)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t length = name ? strlen(name) : 0;
    return length > 0 && strspn(name, letters) == length &&
           length < sizeof((struct fan_line *)NULL)->scenario;
}

static int check_variant(const struct fan_scenario *scenario, size_t which)
{
    const struct fan_variant *variant = &scenario->variants[which];
    if (!is_word(variant->name))
        return refuse(scenario, "a variant's name is made of letters, digits, '-' and '_'", "");
    if (!variant->run)
        return refuse(scenario, "no function runs the variant ", variant->name);
    if (variant->expected_count > FAN_LAB_EXPECTED || variant->also_count > FAN_LAB_EXPECTED)
        return refuse(scenario, "too many findings are declared for ", variant->name);
    for (size_t i = 0; i < which; i++)
        if (scenario->variants[i].name[0] == variant->name[0])
            return refuse(scenario, "another variant begins with the same letter as ",
                          variant->name);
    return 0;
}

static int check_scenario(const struct fan_scenario *const *scenarios, size_t which)
{
    const struct fan_scenario *scenario = scenarios[which];
    if (!is_word(scenario->id))
        return refuse(scenario, "an id is a word of at most 63 letters, digits, '-' and '_'", "");
    if (scenario->variant_count < 1 || scenario->variant_count > FAN_LAB_VARIANTS)
        return refuse(scenario, "it has no variants, or too many", "");
    for (size_t i = 0; i < which; i++)
        if (strcmp(scenarios[i]->id, scenario->id) == 0)
            return refuse(scenario, "another scenario has the same id", "");
    int status = 0;
    for (size_t i = 0; i < scenario->variant_count && !status; i++)
        status = check_variant(scenario, i);
    return status;
}

static void print_kinds(const enum fan_finding_kind *kinds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf(" %s", fan_finding_name(kinds[i]));
    printf(" -");
}

static void print(const struct fan_scenario *scenario)
{
    printf("\nscenario %s %" PRIu64 " %" PRIu64, scenario->id, scenario->workers, scenario->items);
    for (size_t i = 0; i < scenario->variant_count; i++) {
        const struct fan_variant *variant = &scenario->variants[i];
        printf("\nvariant %s", variant->name);
        print_kinds(variant->expected, variant->expected_count);
        print_kinds(variant->also, variant->also_count);
    }
    printf("\n");
}

int fan_listing_print(const struct fan_scenario *const *scenarios, size_t count)
{
    int status = 0;
    for (size_t i = 0; i < count && !status; i++)
        status = check_scenario(scenarios, i);
    for (size_t i = 0; i < count && !status; i++)
        print(scenarios[i]);
    if (status)
        return status;
    return fflush(stdout) == 0 ? 0 : fan_order_broken("list its scenarios", errno);
}
