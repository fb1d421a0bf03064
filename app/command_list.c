#include <stddef.h>
#include <stdio.h>

#include "app/command.h"
#include "app/lesson/lesson.h"
#include "app/lesson/shelf.h"
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

static json_t *list_stages(const struct fan_lesson *lesson)
{
    json_t *stages = json_array();
    for (int i = 0; i < lesson->stage_count; i++)
        json_array_append_new(stages, json_string(lesson->stages[i].key));
    return stages;
}

/* A lesson is listed as it may be called before it is taken. */
static json_t *describe_lessons(void)
{
    json_t *lessons = json_array();
    for (size_t i = 0; i < fan_curriculum_count; i++) {
        struct fan_lesson lesson;
        char why[FAN_LESSON_WHY];
        if (fan_lesson_open(fan_curriculum[i].id, &lesson, why))
            continue;
        json_array_append_new(lessons, json_pack("{s:s, s:s, s:s, s:o}", "id", lesson.id, "part",
                                                 lesson.part, "about", lesson.shown_as, "stages",
                                                 list_stages(&lesson)));
        fan_lesson_free(&lesson);
    }
    return lessons;
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
    json_object_set_new(envelope, "lessons", describe_lessons());
    fan_report_print(stdout, envelope);
}

static void print_text(void)
{
    for (size_t i = 0; i < fan_bugs_count; i++)
        printf("%s  %-16s %s\n", fan_bugs[i]->id, fan_bugs[i]->title, fan_bugs[i]->symptom);
    printf("\nlessons, in the order of learning:\n");
    for (size_t i = 0; i < fan_curriculum_count; i++)
        if (fan_shelf_lesson(fan_curriculum[i].id))
            printf(" %s", fan_curriculum[i].id);
    printf("\n");
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
    .summary = "Lists the bugs and the lessons",
    .options = options,
    .run = run,
};
