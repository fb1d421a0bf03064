#ifndef FAN_APP_OPTIONS_H
#define FAN_APP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The options of one command, as a table: it drives the parsing and prints the help. The values go
 * into the command's own struct of settings, whose fields hold the defaults when parsing begins.
 *
 *     struct settings {
 *         uint64_t seed;
 *         bool json;
 *     };
 *     static const struct fan_option options[] = {
 *         {.name = "seed", .argument = "N", .help = "...", .kind = FAN_OPTION_NUMBER,
 *          .field = offsetof(struct settings, seed), .high = 1000},
 *         {.name = "json", .help = "...", .kind = FAN_OPTION_FLAG,
 *          .field = offsetof(struct settings, json)},
 *         {0},
 *     };
 *
 * Every command also understands --help and --version, which stand in no table. */
enum fan_option_kind {
    FAN_OPTION_FLAG,   /* bool: given or not */
    FAN_OPTION_NUMBER, /* uint64_t: `low` to `high` */
    FAN_OPTION_WORD,   /* const char *: one of `words`; any if that is NULL */
};

enum {
    FAN_OPTIONS = 16, /* the most a table may have */
    FAN_OPTIONS_WHY = 200,
};

struct fan_option {
    const char *name;
    const char *argument; /* what the help calls it, "N"; NULL for a flag */
    const char *help;
    enum fan_option_kind kind;
    size_t field; /* offset in the settings */
    uint64_t low, high;
    const char *limited_by;   /* what sets the upper limit, "the thread budget"; may be NULL */
    const char *const *words; /* ended by NULL */
};

struct fan_parsed {
    bool help, version;
    int operands; /* index in argv of the first argument that is no option */
};

/* Parses argv[1] and on, moving the operands behind the options. With an error (EINVAL, said in
 * `why`), what could be parsed is in the settings all the same: an answer in the asked form needs
 * it. */
int fan_options_parse(const struct fan_option *options, int argc, char **argv, void *settings,
                      struct fan_parsed *parsed, char why[FAN_OPTIONS_WHY]);

/* Prints one line for each option, --help and --version included. */
void fan_options_help(FILE *out, const struct fan_option *options);

#endif
