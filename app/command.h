#ifndef FAN_APP_COMMAND_H
#define FAN_APP_COMMAND_H

#include <stdio.h>

#include "app/options.h"

/* A command of the program: `fanlab NAME ...`. One file, one const table. Data goes to the standard
 * output, all else to the standard error. */
struct fan_command {
    const char *name;
    const char *operands; /* as the help shows them, "ID"; empty if it takes none */
    const char *summary;  /* one line */
    const char *more;     /* printed below the options; NULL = nothing */
    const struct fan_option *options;
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns the exit code */
};

extern const struct fan_command fan_command_list, fan_command_run, fan_command_check,
    fan_command_explore, fan_command_replay, fan_command_lesson, fan_command_practice,
    fan_command_mystery, fan_command_handout, fan_command_experiment;

/* What the program does without a command: the TUI. Its name is empty. */
extern const struct fan_command fan_command_tui;

/* The command with this name, NULL if there is none. */
const struct fan_command *fan_command_find(const char *name);

/* Exit codes, fixed: others script against them. Interrupted by signal n is 128 + n. */
enum fan_exit {
    FAN_EXIT_CLEAN = 0,
    FAN_EXIT_FINDINGS = 1, /* or a failed check, or a run that gave no verdict */
    FAN_EXIT_USAGE = 2,
    FAN_EXIT_LACKING = 3, /* the environment lacks something; the message says what */
    FAN_EXIT_SIGNAL = 128,
};

/* Prints the help of the whole program. */
void fan_command_usage(FILE *out);

/* Prints the command's help, or the program's version, to the standard output if that was asked
 * for; returns whether it was. */
bool fan_command_explains(const struct fan_command *command, const struct fan_parsed *parsed);

/* Says on the standard error what is wrong with a command's arguments, and where to read more. */
int fan_command_misused(const struct fan_command *command, const char *why);

#endif
