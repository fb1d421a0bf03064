#define _GNU_SOURCE
#include "app/options.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/number.h"

enum {
    HELP = FAN_OPTIONS,
    VERSION,
};

struct parse {
    const struct fan_option *options;
    char *settings;
    struct fan_parsed *parsed;
    char *why; /* keeps the first complaint */
};

__attribute__((format(printf, 2, 3))) static void complain(struct parse *parse, const char *format,
                                                           ...)
{
    va_list arguments;
    if (*parse->why)
        return;
    va_start(arguments, format);
    vsnprintf(parse->why, FAN_OPTIONS_WHY, format, arguments);
    va_end(arguments);
}

static int list_names(const struct fan_option *options, struct option *names)
{
    int count = 0;
    for (; options[count].name; count++)
        names[count] = (struct option){
            .name = options[count].name,
            .has_arg = options[count].argument ? required_argument : no_argument,
            .val = count,
        };
    names[count] = (struct option){.name = "help", .val = HELP};
    names[count + 1] = (struct option){.name = "version", .val = VERSION};
    return count;
}

static void take_number(struct parse *parse, const struct fan_option *option, uint64_t *number)
{
    int error = fan_number_parse(optarg, option->low, option->high, number);
    if (error == EINVAL)
        complain(parse, "--%s takes a whole number, not '%.40s'", option->name, optarg);
    if (error == ERANGE)
        complain(parse, "--%s must be from %" PRIu64 " to %" PRIu64 "%s%s%s, not %.40s",
                 option->name, option->low, option->high, option->limited_by ? " (" : "",
                 option->limited_by ? option->limited_by : "", option->limited_by ? ")" : "",
                 optarg);
}

static void join_words(const char *const *words, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; words[i] && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", words[i]);
}

static void take_word(struct parse *parse, const struct fan_option *option, const char **word)
{
    char known[80];
    for (size_t i = 0; option->words && option->words[i]; i++)
        if (strcmp(option->words[i], optarg) == 0)
            *word = option->words[i];
    if (!option->words)
        *word = optarg;
    else if (!*word || strcmp(*word, optarg) != 0) {
        join_words(option->words, known, sizeof known);
        complain(parse, "--%s knows %s, not '%.40s'", option->name, known, optarg);
    }
}

static void take_option(struct parse *parse, const struct fan_option *option)
{
    void *field = parse->settings + option->field;
    switch (option->kind) {
    case FAN_OPTION_FLAG:
        *(bool *)field = true;
        break;
    case FAN_OPTION_NUMBER:
        take_number(parse, option, field);
        break;
    case FAN_OPTION_WORD:
        take_word(parse, option, field);
        break;
    }
}

static void take(struct parse *parse, int found, const char *given)
{
    if (found == HELP)
        parse->parsed->help = true;
    else if (found == VERSION)
        parse->parsed->version = true;
    else if (found == ':')
        complain(parse, "%.60s needs a value", given);
    else if (found == '?' && strchr(given, '=') && strncmp(given, "--", 2) == 0)
        complain(parse, "%.60s: no such option, or it takes no value", given);
    else if (found == '?')
        complain(parse, "no such option: %.60s", given);
    else
        take_option(parse, &parse->options[found]);
}

int fan_options_parse(const struct fan_option *options, int argc, char **argv, void *settings,
                      struct fan_parsed *parsed, char why[FAN_OPTIONS_WHY])
{
    struct option names[FAN_OPTIONS + 3] = {0};
    struct parse parse = {options, settings, parsed, why};
    int found;
    list_names(options, names);
    *parsed = (struct fan_parsed){0};
    why[0] = '\0';
    opterr = 0;
    optind = 0; /* glibc's sign to begin anew */
    while ((found = getopt_long(argc, argv, ":", names, NULL)) != -1)
        take(&parse, found, argv[optind - 1]);
    parsed->operands = optind;
    return *why ? EINVAL : 0;
}

static void print_option(FILE *out, const char *name, const char *argument, const char *help)
{
    char left[40];
    snprintf(left, sizeof left, "--%s%s%s", name, argument ? " " : "", argument ? argument : "");
    fprintf(out, "  %-22s %s\n", left, help);
}

void fan_options_help(FILE *out, const struct fan_option *options)
{
    for (; options->name; options++)
        print_option(out, options->name, options->argument, options->help);
    print_option(out, "help", NULL, "print this and leave");
    print_option(out, "version", NULL, "print the version and leave");
}
