#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/lesson/fill.h"
#include "app/lesson/print.h"
#include "app/lesson/review.h"
#include "app/lesson/shelf.h"
#include "app/request.h"
#include "app/screen/tui.h"
#include "bugs/table.h"

struct settings {
    const char *at, *language;
    bool check;
};

static const char *const languages[] = {[FAN_VIEW_EVERY] = "all",
                                        [FAN_VIEW_C] = "c",
                                        [FAN_VIEW_GO] = "go",
                                        [FAN_VIEW_PTHREADS] = "pthreads",
                                        NULL};

static const struct fan_option options[] = {
    {.name = "at",
     .argument = "STAGE",
     .help = "begin there: symptom, predict, watch, ...",
     .kind = FAN_OPTION_WORD,
     .field = offsetof(struct settings, at)},
    {.name = "in",
     .argument = "LANGUAGE",
     .help = "print it with this code: c (the default), go, pthreads, all",
     .kind = FAN_OPTION_WORD,
     .words = languages,
     .field = offsetof(struct settings, language)},
    {.name = "check",
     .help = "for authors: say what is amiss in the lessons, run none",
     .kind = FAN_OPTION_FLAG,
     .field = offsetof(struct settings, check)},
    {0},
};

static enum fan_view view_called(const char *language)
{
    enum fan_view view = language ? FAN_VIEW_EVERY : FAN_VIEW_C;
    while (language && strcmp(languages[view], language) != 0)
        view++;
    return view;
}

/* ---- the list ---- */

static int list_lessons(void)
{
    for (size_t i = 0; i < fan_curriculum_count; i++) {
        struct fan_lesson lesson;
        char why[FAN_LESSON_WHY];
        int error = fan_lesson_open(fan_curriculum[i].id, &lesson, why);
        if (error && error != ENOENT)
            fprintf(stderr, "fanlab lesson: %s\n", why);
        if (error)
            continue;
        printf("%-9s %-10s %s\n", lesson.id, lesson.part, lesson.shown_as);
        fan_lesson_free(&lesson);
    }
    return FAN_EXIT_CLEAN;
}

/* ---- one ---- */

static int name_the_lessons(const char *asked)
{
    fprintf(stderr, "fanlab lesson: there is no lesson '%.40s'; there are", asked);
    for (size_t i = 0; i < fan_curriculum_count; i++)
        if (fan_shelf_lesson(fan_curriculum[i].id))
            fprintf(stderr, " %s", fan_curriculum[i].id);
    fprintf(stderr, "\nTry 'fanlab lesson --help'.\n");
    return FAN_EXIT_USAGE;
}

static int name_the_stages(const struct fan_lesson *lesson, const char *asked)
{
    fprintf(stderr, "fanlab lesson: lesson %s has no stage '%.40s'; it has", lesson->id, asked);
    for (int i = 0; i < lesson->stage_count; i++)
        fprintf(stderr, " %s", lesson->stages[i].key);
    fprintf(stderr, "\nTry 'fanlab lesson --help'.\n");
    return FAN_EXIT_USAGE;
}

/* A command that fails says so in its place; the rest of the lesson is none the worse. */
static int print_from(struct fan_lesson *lesson, int first, enum fan_view view)
{
    int code = FAN_EXIT_CLEAN;
    for (int i = first; i < lesson->stage_count; i++) {
        char why[FAN_LESSON_WHY];
        if (fan_fill_stage(lesson, i, NULL, why)) {
            fprintf(stderr, "fanlab lesson: %s\n", why);
            code = FAN_EXIT_LACKING;
        }
    }
    return fan_print_lesson(stdout, lesson, first, view) ? FAN_EXIT_LACKING : code;
}

static int open_screen(const char *id, const char *stage)
{
    return fan_tui_run(&(struct fan_tui_options){.scenarios = fan_bugs,
                                                 .scenario_count = fan_bugs_count,
                                                 .seed = FAN_REQUEST_SEED,
                                                 .lesson = id,
                                                 .stage = stage});
}

static int show(const struct settings *settings, const char *name)
{
    struct fan_lesson lesson;
    char why[FAN_LESSON_WHY];
    const char *id = fan_lesson_find(name);
    if (!id)
        return name_the_lessons(name);
    if (fan_lesson_open(id, &lesson, why)) {
        fprintf(stderr, "fanlab lesson: %s\n", why);
        return FAN_EXIT_LACKING;
    }
    int code, first = settings->at ? fan_lesson_stage(&lesson, settings->at) : 0;
    if (first < 0)
        code = name_the_stages(&lesson, settings->at);
    else if (!settings->language && isatty(STDOUT_FILENO))
        code = open_screen(id, settings->at);
    else
        code = print_from(&lesson, first, view_called(settings->language));
    fan_lesson_free(&lesson);
    return code;
}

static int check_lessons(void)
{
    return fan_review_all(stderr) ? FAN_EXIT_FINDINGS : FAN_EXIT_CLEAN;
}

static int run(int argc, char **argv)
{
    struct settings settings = {0};
    struct fan_parsed parsed;
    char why[FAN_OPTIONS_WHY];
    int error = fan_options_parse(options, argc, argv, &settings, &parsed, why);
    if (fan_command_explains(&fan_command_lesson, &parsed))
        return FAN_EXIT_CLEAN;
    int operands = argc - parsed.operands;
    if (!error && operands > 1) {
        snprintf(why, sizeof why, "it takes one lesson, not also '%.40s'", argv[argc - 1]);
        error = EINVAL;
    }
    if (!error && settings.at && operands == 0) {
        snprintf(why, sizeof why, "--at is a stage of a lesson, so name the lesson");
        error = EINVAL;
    }
    if (error)
        return fan_command_misused(&fan_command_lesson, why);
    if (settings.check)
        return check_lessons();
    return operands ? show(&settings, argv[parsed.operands]) : list_lessons();
}

const struct fan_command fan_command_lesson = {
    .name = "lesson",
    .operands = "[ID]",
    .summary = "Opens or prints a lesson, or lists them",
    .more = "ID is a bug's number or name; or fan-out or channels, which come first, or\n"
            "ways, which comes last. On a terminal the lesson opens on the screen, else it\n"
            "is printed. The commands that it shows are run then. Without ID, the lessons\n"
            "are listed in the order of learning.\n",
    .options = options,
    .run = run,
};
