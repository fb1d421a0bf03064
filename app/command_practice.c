#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/practice_place.h"
#include "app/practice_watch.h"
#include "app/request.h"

struct settings {
    bool watch, reset, solution;
};

static const struct fan_option options[] = {
    {.name = "watch",
     .help = "judge it whenever it is saved, until it holds",
     .kind = FAN_OPTION_FLAG,
     .field = offsetof(struct settings, watch)},
    {.name = "reset",
     .help = "start over; what was in the file is kept in FILE.old",
     .kind = FAN_OPTION_FLAG,
     .field = offsetof(struct settings, reset)},
    {.name = "solution",
     .help = "write our repair beside it, as solution_ID.c",
     .kind = FAN_OPTION_FLAG,
     .field = offsetof(struct settings, solution)},
    {0},
};

static void say_what_next(const struct fan_practice_place *place, const char *id,
                          const char *directory)
{
    printf("%s.\n", place->said);
    printf("1. Open it in your editor: its first comment says what it must do.\n");
    printf("2. Repair the function. The lines with // are there to be read.\n");
    printf("3. Judge it:         fanlab check %s\n", place->path);
    printf("   or at each save:  fanlab practice %s%s%s --watch\n", id, directory ? " " : "",
           directory ? directory : "");
}

static int write_solution(const struct fan_scenario *bug, const char *directory)
{
    struct fan_practice_place place;
    if (fan_practice_place_write(bug, directory, true, false, &place)) {
        fprintf(stderr, "fanlab practice: %s\n", place.said);
        return FAN_EXIT_LACKING;
    }
    printf("%s. It holds our repair; yours may be another one.\n", place.said);
    return FAN_EXIT_CLEAN;
}

static int practise(const struct settings *settings, const struct fan_scenario *bug,
                    const char *directory)
{
    struct fan_practice_place place;
    if (settings->solution)
        return write_solution(bug, directory);
    if (fan_practice_place_write(bug, directory, false, settings->reset, &place)) {
        fprintf(stderr, "fanlab practice: %s\n", place.said);
        return FAN_EXIT_LACKING;
    }
    if (settings->watch)
        return fan_practice_watch(bug, directory, &place);
    say_what_next(&place, bug->id, directory);
    return FAN_EXIT_CLEAN;
}

static bool parse(int argc, char **argv, struct settings *settings, struct fan_parsed *parsed,
                  char why[FAN_OPTIONS_WHY])
{
    if (fan_options_parse(options, argc, argv, settings, parsed, why) != 0)
        return false;
    int words = argc - parsed->operands;
    if (words != 1 && words != 2)
        snprintf(why, FAN_OPTIONS_WHY, "it takes one bug, by number or name, and a directory");
    else if (settings->solution && (settings->reset || settings->watch))
        snprintf(why, FAN_OPTIONS_WHY, "--solution goes alone");
    else
        return true;
    return false;
}

static int run(int argc, char **argv)
{
    struct settings settings = {0};
    struct fan_parsed parsed;
    char why[FAN_OPTIONS_WHY];
    bool good = parse(argc, argv, &settings, &parsed, why);
    if (fan_command_explains(&fan_command_practice, &parsed))
        return FAN_EXIT_CLEAN;
    const struct fan_scenario *bug = good ? fan_request_bug(argv[parsed.operands], why) : NULL;
    if (!bug)
        return fan_command_misused(&fan_command_practice, why);
    return practise(&settings, bug, argc - parsed.operands == 2 ? argv[parsed.operands + 1] : NULL);
}

const struct fan_command fan_command_practice = {
    .name = "practice",
    .operands = "ID [DIR]",
    .summary = "Gives you the buggy function as a C file to repair",
    .more = "The file, practice_ID.c, is written into DIR, or here; one that you have\n"
            "changed is left as it is. 'fanlab check FILE' judges it: by every schedule of\n"
            "2 workers and 2 items, by a sample of schedules of the bug's own size, and by\n"
            "some runs with real threads. The scenario around the function stays ours.\n"
            "With --watch, q ends it and h shows a hint of the lesson.\n"
            "Exit code: 0 written, or it holds; 1 it was left before it held; 2 usage;\n"
            "3 the environment lacks something; 128 + n interrupted by signal n.\n",
    .options = options,
    .run = run,
};
