#include "app/command.h"

#include <string.h>

static const struct fan_command *const commands[] = {
    &fan_command_list,    &fan_command_run,        &fan_command_check,    &fan_command_explore,
    &fan_command_replay,  &fan_command_lesson,     &fan_command_practice, &fan_command_mystery,
    &fan_command_handout, &fan_command_experiment,
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

const struct fan_command *fan_command_find(const char *name)
{
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

void fan_command_usage(FILE *out)
{
    fprintf(out,
            "usage: fanlab [options]            %s\n"
            "       fanlab COMMAND [options]    works without a screen\n\ncommands:\n",
            fan_command_tui.summary);
    for (int i = 0; i < COMMANDS; i++) {
        char left[40];
        snprintf(left, sizeof left, "%s%s%s", commands[i]->name, *commands[i]->operands ? " " : "",
                 commands[i]->operands);
        fprintf(out, "  %-22s %s\n", left, commands[i]->summary);
    }
    fprintf(out, "\noptions:\n");
    fan_options_help(out, fan_command_tui.options);
    fprintf(out, "\n'fanlab COMMAND --help' tells more.\n");
}

static void print_help(const struct fan_command *command)
{
    printf("usage: fanlab %s%s%s [options]\n%s.\n\noptions:\n", command->name,
           *command->operands ? " " : "", command->operands, command->summary);
    fan_options_help(stdout, command->options);
    if (command->more)
        printf("\n%s", command->more);
}

bool fan_command_explains(const struct fan_command *command, const struct fan_parsed *parsed)
{
    if (parsed->help && command == &fan_command_tui)
        fan_command_usage(stdout);
    else if (parsed->help)
        print_help(command);
    else if (parsed->version)
        puts("fanlab " FAN_VERSION);
    return parsed->help || parsed->version;
}

int fan_command_misused(const struct fan_command *command, const char *why)
{
    fprintf(stderr, "fanlab %s: %s\nTry 'fanlab %s --help'.\n", command->name, why, command->name);
    return FAN_EXIT_USAGE;
}
