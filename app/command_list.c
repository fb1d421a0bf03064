#include <stddef.h>
#include <stdio.h>

#include "app/command.h"
#include "app/report_json.h"
#include "bugs/table.h"

struct settings {
    bool json;
};

static const struct fan_option options[] = {
    {.name = "json",
     .help = "one JSON object, schema fanlab.list/1",
     .kind = FAN_OPTION_FLAG,
     .field = offsetof(struct settings, json)},
    {0},
};

static json_t *list_variants(const struct fan_scenario *bug)
{
    json_t *variants = json_array();
    for (size_t i = 0; i < bug->variant_count; i++) {
        const struct fan_variant *variant = &bug->variants[i];
        json_t *expected = json_array();
        for (size_t j = 0; j < variant->expected_count; j++)
            json_array_append_new(expected, json_string(fan_finding_name(variant->expected[j])));
        json_array_append_new(variants,
                              json_pack("{s:s, s:o}", "name", variant->name, "expected", expected));
    }
    return variants;
}

static void print_json(void)
{
    json_t *envelope = fan_report_envelope("fanlab.list/1", "clean"), *bugs = json_array();
    for (size_t i = 0; i < fan_bugs_count; i++) {
        const struct fan_scenario *bug = fan_bugs[i];
        json_array_append_new(
            bugs, json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:o}", "id", bug->id, "name",
                            bug->name, "title", bug->title, "symptom", bug->symptom, "file",
                            bug->file, "workers", (json_int_t)bug->workers, "items",
                            (json_int_t)bug->items, "variants", list_variants(bug)));
    }
    json_object_set_new(envelope, "bugs", bugs);
    fan_report_print(stdout, envelope);
}

static void print_text(void)
{
    for (size_t i = 0; i < fan_bugs_count; i++)
        printf("%s  %-16s %s\n", fan_bugs[i]->id, fan_bugs[i]->title, fan_bugs[i]->symptom);
}

static int run(int argc, char **argv)
{
    struct settings settings = {0};
    struct fan_parsed parsed;
    char why[FAN_OPTIONS_WHY];
    int error = fan_options_parse(options, argc, argv, &settings, &parsed, why);
    if (fan_command_explains(&fan_command_list, &parsed))
        return FAN_EXIT_CLEAN;
    if (!error && parsed.operands < argc) {
        snprintf(why, sizeof why, "it takes no operand ('%.40s')", argv[parsed.operands]);
        error = 1;
    }
    if (error && settings.json)
        fan_report_print(stdout, fan_report_refusal("fanlab.list/1", "usage", why, 0));
    if (error)
        return fan_command_misused(&fan_command_list, why);
    if (settings.json)
        print_json();
    else
        print_text();
    return FAN_EXIT_CLEAN;
}

const struct fan_command fan_command_list = {
    .name = "list",
    .operands = "",
    .summary = "Lists the bugs",
    .options = options,
    .run = run,
};
