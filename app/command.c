#include "app/command.h"

int fan_command_help(const struct fan_command *command)
{
    printf("usage: fanlab %s%s%s [options]\n%s.\n\noptions:\n", command->name,
           *command->operands ? " " : "", command->operands, command->summary);
    fan_options_help(stdout, command->options);
    if (command->more)
        printf("\n%s", command->more);
    return FAN_EXIT_CLEAN;
}

int fan_command_version(void)
{
    puts("fanlab " FAN_VERSION);
    return FAN_EXIT_CLEAN;
}

int fan_command_misused(const struct fan_command *command, const char *why)
{
    fprintf(stderr, "fanlab %s: %s\nTry 'fanlab %s --help'.\n", command->name, why, command->name);
    return FAN_EXIT_USAGE;
}
