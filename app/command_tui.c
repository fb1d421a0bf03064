#define _GNU_SOURCE
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/request.h"
#include "app/screen/tui.h"
#include "bugs/table.h"

struct settings {
    const char *color;
    bool ascii;
};

static const struct fan_option options[] = {
    {.name = "color",
     .argument = "WHEN",
     .help = "auto (the default; obeys NO_COLOR), always, never",
     .kind = FAN_OPTION_WORD,
     .words = (const char *const[]){"auto", "always", "never", NULL},
     .field = offsetof(struct settings, color)},
    {.name = "ascii",
     .help = "draw with ASCII only",
     .kind = FAN_OPTION_FLAG,
     .field = offsetof(struct settings, ascii)},
    {0},
};

static enum fan_color_choice color_choice(const char *word)
{
    if (strcmp(word, "always") == 0)
        return FAN_COLOR_ALWAYS;
    return strcmp(word, "never") == 0 ? FAN_COLOR_NEVER : FAN_COLOR_AUTO;
}

static int show(const struct settings *settings)
{
    return fan_tui_run(&(struct fan_tui_options){
        .terminal = {.color = color_choice(settings->color), .ascii = settings->ascii},
        .scenarios = fan_bugs,
        .scenario_count = fan_bugs_count,
        .seed = FAN_REQUEST_SEED,
    });
}

static int run(int argc, char **argv)
{
    struct settings settings = {.color = "auto"};
    struct fan_parsed parsed;
    char why[FAN_OPTIONS_WHY];
    int error = fan_options_parse(options, argc, argv, &settings, &parsed, why);
    if (fan_command_explains(&fan_command_tui, &parsed))
        return FAN_EXIT_CLEAN;
    if (error)
        fprintf(stderr, "fanlab: %s\n", why);
    else if (isatty(STDOUT_FILENO))
        return show(&settings);
    fan_command_usage(stderr);
    return FAN_EXIT_USAGE;
}

const struct fan_command fan_command_tui = {
    .name = "",
    .operands = "",
    .summary = "a bug and its fix side by side, live",
    .options = options,
    .run = run,
};
