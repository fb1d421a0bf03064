#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "app/attempt.h"
#include "app/command.h"
#include "app/report_json.h"
#include "app/report_text.h"
#include "app/request.h"
#include "run/time.h"

struct settings {
    const char *variant, *runtime, *grain;
    uint64_t seed, workers, items, timeout_s;
    bool json;
};

enum { BOTH = 2 };

static const struct fan_option options[] = {
    {.name = "variant",
     .argument = "NAME",
     .help = "buggy, fixed, rare, or both (the default)",
     .kind = FAN_OPTION_WORD,
     .words = (const char *const[]){"buggy", "fixed", "rare", "both", NULL},
     .field = offsetof(struct settings, variant)},
    {.name = "runtime",
     .argument = "NAME",
     .help = "real (threads in parallel, the default) or sim",
     .kind = FAN_OPTION_WORD,
     .words = (const char *const[]){"real", "sim", NULL},
     .field = offsetof(struct settings, runtime)},
    FAN_REQUEST_GRAIN_OPTION(struct settings),
    FAN_REQUEST_SEED_OPTION(struct settings),
    FAN_REQUEST_SIZE_OPTIONS(struct settings),
    {.name = "timeout",
     .argument = "SECONDS",
     .help = "give up on a variant that is slow after (default 10)",
     .kind = FAN_OPTION_NUMBER,
     .low = 1,
     .high = 3600,
     .field = offsetof(struct settings, timeout_s)},
    {.name = "json",
     .help = "one JSON object, schema fanlab.run/1",
     .kind = FAN_OPTION_FLAG,
     .field = offsetof(struct settings, json)},
    {0},
};

static const struct settings defaults = {
    .variant = "both",
    .runtime = "real",
    .seed = FAN_REQUEST_SEED,
    .workers = FAN_REQUEST_NOT_GIVEN,
    .items = FAN_REQUEST_NOT_GIVEN,
    .timeout_s = FAN_REQUEST_TIMEOUT_S,
};

/* Fills in what is to be attempted and returns how many; 0 with a reason in `why`. */
static size_t plan(const struct settings *settings, const struct fan_scenario *bug,
                   struct fan_attempt attempts[BOTH], char why[FAN_OPTIONS_WHY])
{
    bool both = strcmp(settings->variant, "both") == 0;
    const char *names[BOTH] = {both ? "buggy" : settings->variant, "fixed"};
    size_t count = both ? BOTH : 1;
    for (size_t i = 0; i < count; i++) {
        attempts[i] = (struct fan_attempt){
            .scenario = bug,
            .variant = fan_request_variant(bug, names[i], why),
            .seed = settings->seed,
            .sim = strcmp(settings->runtime, "sim") == 0,
            .fine = fan_request_fine(settings->grain),
            .workers =
                settings->workers == FAN_REQUEST_NOT_GIVEN ? bug->workers : settings->workers,
            .items = settings->items == FAN_REQUEST_NOT_GIVEN ? bug->items : settings->items,
        };
        if (!attempts[i].variant)
            return 0;
    }
    return count;
}

static size_t parse(int argc, char **argv, struct settings *settings, struct fan_parsed *parsed,
                    struct fan_attempt attempts[BOTH], char why[FAN_OPTIONS_WHY])
{
    if (fan_options_parse(options, argc, argv, settings, parsed, why) != 0)
        return 0;
    if (argc - parsed->operands != 1) {
        snprintf(why, FAN_OPTIONS_WHY, "it takes one bug, by number or name");
        return 0;
    }
    if (settings->grain && strcmp(settings->runtime, "sim") != 0) {
        snprintf(why, FAN_OPTIONS_WHY, "--grain is for --runtime sim");
        return 0;
    }
    const struct fan_scenario *bug = fan_request_bug(argv[parsed->operands], why);
    return bug ? plan(settings, bug, attempts, why) : 0;
}

/* Returns how many attempts were made: a signal or a child that cannot be had ends it early. */
static size_t make_attempts(struct fan_attempt *attempts, size_t count, uint64_t limit_ns,
                            const struct fan_interrupt *interrupt)
{
    for (size_t i = 0; i < count; i++) {
        fan_attempt_make(&attempts[i], limit_ns, interrupt);
        if (attempts[i].end == FAN_ATTEMPT_INTERRUPTED || attempts[i].end == FAN_ATTEMPT_UNSTARTED)
            return i + 1;
    }
    return count;
}

static int exit_code(const struct fan_attempt *attempts, size_t count)
{
    int code = FAN_EXIT_CLEAN;
    for (size_t i = 0; i < count; i++) {
        if (attempts[i].end == FAN_ATTEMPT_INTERRUPTED)
            return FAN_EXIT_SIGNAL + attempts[i].signal;
        if (attempts[i].end == FAN_ATTEMPT_UNSTARTED)
            return FAN_EXIT_LACKING;
        if (fan_attempt_failed(&attempts[i]) || attempts[i].run->verdict->finding_count > 0)
            code = FAN_EXIT_FINDINGS;
    }
    return code;
}

static void report(const struct fan_attempt *attempts, size_t count, bool json)
{
    const struct fan_attempt *last = &attempts[count - 1];
    if (last->end == FAN_ATTEMPT_UNSTARTED)
        fprintf(stderr, "fanlab run: %s\n", last->message);
    if (json)
        fan_report_print(stdout, fan_report_run(attempts, count));
    else if (last->end != FAN_ATTEMPT_UNSTARTED)
        fan_report_text(stdout, attempts, count);
}

static void refuse(const struct settings *settings, const char *reason, const char *why)
{
    if (settings->json)
        fan_report_print(stdout, fan_report_refusal("fanlab.run/1", reason, why, settings->seed));
}

static int run_attempts(const struct settings *settings, struct fan_attempt *attempts, size_t count)
{
    struct fan_interrupt interrupt;
    int error = fan_interrupt_begin(&interrupt);
    if (error) {
        refuse(settings, "environment", strerror(error));
        fprintf(stderr, "fanlab run: cannot listen for signals: %s\n", strerror(error));
        return FAN_EXIT_LACKING;
    }
    count = make_attempts(attempts, count, settings->timeout_s * FAN_SECOND, &interrupt);
    fan_interrupt_end(&interrupt);
    report(attempts, count, settings->json);
    int code = exit_code(attempts, count);
    for (size_t i = 0; i < count; i++)
        fan_attempt_release(&attempts[i]);
    return code;
}

static int run(int argc, char **argv)
{
    struct settings settings = defaults;
    struct fan_parsed parsed;
    struct fan_attempt attempts[BOTH];
    char why[FAN_OPTIONS_WHY];
    size_t count = parse(argc, argv, &settings, &parsed, attempts, why);
    if (fan_command_explains(&fan_command_run, &parsed))
        return FAN_EXIT_CLEAN;
    if (count == 0) {
        refuse(&settings, "usage", why);
        return fan_command_misused(&fan_command_run, why);
    }
    return run_attempts(&settings, attempts, count);
}

const struct fan_command fan_command_run = {
    .name = "run",
    .operands = "ID",
    .summary = "Runs a bug and its fix, and says what is found",
    .more = "ID is a bug's number or name: 4, 04, never_closed.\n"
            "Exit code: 0 nothing found, 1 something found or no verdict, 2 usage,\n"
            "3 the environment lacks something, 128 + n interrupted by signal n.\n",
    .options = options,
    .run = run,
};
