#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "app/attempt.h"
#include "app/command.h"
#include "app/report_json.h"
#include "app/report_text.h"
#include "app/request.h"
#include "app/subject.h"
#include "run/time.h"

struct settings {
    const char *variant, *runtime, *grain;
    uint64_t seed, workers, items, timeout_s;
    bool json;
};

static const struct fan_option options[] = {
    FAN_REQUEST_VARIANT_OPTION(struct settings, "both (default; C file: all)"),
    {.name = "runtime",
     .argument = "NAME",
     .help = "real (threads in parallel, the default) or sim",
     .kind = FAN_OPTION_WORD,
     .words = (const char *const[]){"real", "sim", NULL},
     .field = offsetof(struct settings, runtime)},
    FAN_REQUEST_GRAIN_OPTION(struct settings),
    FAN_REQUEST_SEED_OPTION(struct settings),
    FAN_REQUEST_SIZE_OPTIONS(struct settings),
    FAN_REQUEST_TIMEOUT_OPTION(struct settings, "give up on a variant that is slow after"),
    FAN_REQUEST_JSON_OPTION(struct settings, "fanlab.run/1"),
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

/* What is to be attempted. */
struct plan {
    size_t count;
    struct fan_attempt *attempts;
};

static void add_attempt(const struct settings *settings, const struct fan_subject *subject,
                        const struct fan_variant *variant, struct plan *plan)
{
    const struct fan_scenario *scenario = subject->scenario;
    bool sim = strcmp(settings->runtime, "sim") == 0;
    plan->attempts[plan->count++] = (struct fan_attempt){
        .scenario = scenario,
        .variant = variant,
        .seed = settings->seed,
        .helper = sim ? subject->sim : subject->real,
        .sim = sim,
        .fine = fan_request_fine(settings->grain),
        .workers =
            settings->workers == FAN_REQUEST_NOT_GIVEN ? scenario->workers : settings->workers,
        .items = settings->items == FAN_REQUEST_NOT_GIVEN ? scenario->items : settings->items,
    };
}

/* Of a bug, both are the buggy and the fixed half; a file's scenario has what its author gave
 * it. */
static bool is_among_both(const struct fan_subject *subject, const struct fan_variant *variant)
{
    bool of_a_file = subject->sim || subject->real;
    return of_a_file || strcmp(variant->name, "buggy") == 0 || strcmp(variant->name, "fixed") == 0;
}

/* Returns whether there is what is asked for; else with a reason in `why`. */
static bool add_subject(const struct settings *settings, const struct fan_subject *subject,
                        struct plan *plan, char why[FAN_OPTIONS_WHY])
{
    const struct fan_scenario *scenario = subject->scenario;
    if (strcmp(settings->variant, "both") == 0) {
        for (size_t i = 0; i < scenario->variant_count; i++)
            if (is_among_both(subject, &scenario->variants[i]))
                add_attempt(settings, subject, &scenario->variants[i], plan);
        return true;
    }
    const struct fan_variant *variant = fan_request_variant(scenario, settings->variant, why);
    if (variant)
        add_attempt(settings, subject, variant, plan);
    return variant != NULL;
}

static bool make_plan(const struct settings *settings, const struct fan_subjects *subjects,
                      struct plan *plan, char why[FAN_OPTIONS_WHY])
{
    bool good = true;
    plan->attempts = calloc(subjects->count * FAN_LAB_VARIANTS, sizeof *plan->attempts);
    if (!plan->attempts) {
        snprintf(why, FAN_OPTIONS_WHY, "out of memory");
        return false;
    }
    for (size_t i = 0; i < subjects->count && good; i++)
        good = add_subject(settings, &subjects->list[i], plan, why);
    return good;
}

static bool parse(int argc, char **argv, struct settings *settings, struct fan_parsed *parsed,
                  char why[FAN_OPTIONS_WHY])
{
    if (fan_options_parse(options, argc, argv, settings, parsed, why) != 0)
        return false;
    if (argc - parsed->operands != 1) {
        snprintf(why, FAN_OPTIONS_WHY, "it takes one bug, by number or name, or one C file");
        return false;
    }
    if (settings->grain && strcmp(settings->runtime, "sim") != 0) {
        snprintf(why, FAN_OPTIONS_WHY, "--grain is for --runtime sim");
        return false;
    }
    return true;
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

static void refuse(const void *given, const char *reason, const char *why)
{
    const struct settings *settings = given;
    if (settings->json)
        fan_report_print(stdout, fan_report_refusal("fanlab.run/1", reason, why, settings->seed));
}

static int run_attempts(const struct settings *settings, struct fan_attempt *attempts, size_t count,
                        const struct fan_interrupt *interrupt)
{
    count = make_attempts(attempts, count, settings->timeout_s * FAN_SECOND, interrupt);
    report(attempts, count, settings->json);
    int code = exit_code(attempts, count);
    for (size_t i = 0; i < count; i++)
        fan_attempt_release(&attempts[i]);
    return code;
}

static int run_subjects(const void *given, const struct fan_subjects *subjects,
                        const struct fan_interrupt *interrupt)
{
    const struct settings *settings = given;
    char why[FAN_OPTIONS_WHY];
    struct plan plan = {0};
    int code;
    if (make_plan(settings, subjects, &plan, why)) {
        code = run_attempts(settings, plan.attempts, plan.count, interrupt);
    } else {
        refuse(settings, "usage", why);
        code = fan_command_misused(&fan_command_run, why);
    }
    free(plan.attempts);
    return code;
}

static int runtime_of(const struct settings *settings)
{
    return strcmp(settings->runtime, "sim") == 0 ? FAN_USERFILE_SIM : FAN_USERFILE_REAL;
}

static int run(int argc, char **argv)
{
    struct settings settings = defaults;
    struct fan_parsed parsed;
    char why[FAN_OPTIONS_WHY];
    bool good = parse(argc, argv, &settings, &parsed, why);
    if (fan_command_explains(&fan_command_run, &parsed))
        return FAN_EXIT_CLEAN;
    if (good)
        return fan_subjects_use(&(struct fan_subjects_use){.command = &fan_command_run,
                                                           .runtimes = runtime_of(&settings),
                                                           .settings = &settings,
                                                           .refuse = refuse,
                                                           .act = run_subjects},
                                argv + parsed.operands, 1);
    refuse(&settings, "usage", why);
    return fan_command_misused(&fan_command_run, why);
}

const struct fan_command fan_command_run = {
    .name = "run",
    .operands = "ID",
    .summary = "Runs a bug and its fix or a C file; says what is found",
    .more = FAN_REQUEST_ID_HELP
    "Exit code: 0 nothing found, 1 something found or no verdict, 2 usage,\n"
    "3 the environment lacks something, 128 + n interrupted by signal n.\n",
    .options = options,
    .run = run,
};
