#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/child.h"
#include "app/command.h"
#include "app/experiments.h"
#include "app/interrupt.h"
#include "app/report_json.h"
#include "app/request.h"
#include "app/tool.h"

#define SCHEMA "fanlab.experiment/1"

enum { OUTPUT = 64 * 1024 };

struct settings {
    const char *runtime; /* NULL = the experiment's own */
    uint64_t seed;
    bool json;
};

static const struct fan_option options[] = {
    {.name = "runtime",
     .argument = "NAME",
     .help = "real, or sim: in virtual time (default, where it can)",
     .kind = FAN_OPTION_WORD,
     .words = (const char *const[]){"real", "sim", NULL},
     .field = offsetof(struct settings, runtime)},
    FAN_REQUEST_SEED_OPTION(struct settings),
    {.name = "json",
     .help = "one JSON object, schema " SCHEMA,
     .kind = FAN_OPTION_FLAG,
     .field = offsetof(struct settings, json)},
    {0},
};

static int refuse(const struct settings *settings, const char *why)
{
    if (settings->json)
        fan_report_print(stdout, fan_report_refusal(SCHEMA, "usage", why, settings->seed));
    return fan_command_misused(&fan_command_experiment, why);
}

static int fail(const struct settings *settings, int code, const char *reason, const char *why)
{
    if (settings->json)
        fan_report_print(stdout, fan_report_refusal(SCHEMA, reason, why, settings->seed));
    fprintf(stderr, "fanlab experiment: %s\n", why);
    return code;
}

/* ---- which one ---- */

static const struct fan_experiment_kind *find_kind(const char *name)
{
    for (int i = 0; fan_experiment_kinds[i]; i++)
        if (strcmp(fan_experiment_kinds[i]->name, name) == 0)
            return fan_experiment_kinds[i];
    return NULL;
}

static void list_names(char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; fan_experiment_kinds[i] && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "",
                                 fan_experiment_kinds[i]->name);
}

static bool choose(int argc, char **argv, const struct fan_parsed *parsed,
                   struct settings *settings, const struct fan_experiment_kind **kind,
                   char why[FAN_OPTIONS_WHY])
{
    char names[80];
    list_names(names, sizeof names);
    if (argc - parsed->operands != 1) {
        snprintf(why, FAN_OPTIONS_WHY, "it takes one experiment: %s", names);
        return false;
    }
    *kind = find_kind(argv[parsed->operands]);
    if (!*kind) {
        snprintf(why, FAN_OPTIONS_WHY, "no such experiment: '%.40s'; there are %s",
                 argv[parsed->operands], names);
        return false;
    }
    if (!settings->runtime)
        settings->runtime = (*kind)->only_real ? "real" : "sim";
    if ((*kind)->only_real && strcmp(settings->runtime, "real") != 0) {
        snprintf(why, FAN_OPTIONS_WHY, "%s needs --runtime real: it is about the system's threads",
                 (*kind)->name);
        return false;
    }
    return true;
}

/* ---- what came of it ---- */

static bool all_met(const json_t *goals)
{
    for (size_t i = 0; i < json_array_size(goals); i++)
        if (!json_is_true(json_object_get(json_array_get(goals, i), "met")))
            return false;
    return true;
}

static void print_text(const struct settings *settings, const struct fan_experiment_kind *kind,
                       const json_t *figures, const json_t *goals)
{
    printf("%s: %s (seed %" PRIu64 ", %s)\n\n", kind->name, kind->summary, settings->seed,
           strcmp(settings->runtime, "sim") == 0 ? "virtual time" : "real time");
    kind->print(figures, stdout);
    putchar('\n');
    for (size_t i = 0; i < json_array_size(goals); i++) {
        const json_t *goal = json_array_get(goals, i);
        printf("%-8s %s:\n         %s\n",
               json_is_true(json_object_get(goal, "met")) ? "met" : "NOT MET",
               json_string_value(json_object_get(goal, "goal")),
               json_string_value(json_object_get(goal, "found")));
    }
}

static void print_json(const struct settings *settings, const struct fan_experiment_kind *kind,
                       json_t *figures, json_t *goals)
{
    json_t *envelope = fan_report_envelope(SCHEMA, fan_report_outcome(false, !all_met(goals)));
    json_object_set_new(envelope, "experiment", json_string(kind->name));
    json_object_set_new(envelope, "runtime", json_string(settings->runtime));
    json_object_set_new(envelope, "seed", json_integer((json_int_t)settings->seed));
    json_object_set(envelope, "figures", figures);
    json_object_set(envelope, "goals", goals);
    fan_report_print(stdout, envelope);
}

static int report(const struct settings *settings, const struct fan_experiment_kind *kind,
                  const char *output)
{
    json_t *figures = json_loads(output, 0, NULL), *goals = json_array();
    if (!figures) {
        json_decref(goals);
        return fail(settings, FAN_EXIT_FINDINGS, "broken", "the child's figures cannot be read");
    }
    kind->judge(figures, goals);
    if (settings->json)
        print_json(settings, kind, figures, goals);
    else
        print_text(settings, kind, figures, goals);
    int code = all_met(goals) ? FAN_EXIT_CLEAN : FAN_EXIT_FINDINGS;
    json_decref(figures);
    json_decref(goals);
    return code;
}

/* ---- the child ---- */

static int run_child(const struct settings *settings, const struct fan_experiment_kind *kind,
                     char *path, const struct fan_interrupt *interrupt)
{
    char seed[24], parent[24], why[FAN_OPTIONS_WHY];
    char *output = calloc(1, OUTPUT);
    char *name = strdup(kind->name);
    char *argv[] = {path, name, seed, parent, NULL};
    int status = 0;
    snprintf(seed, sizeof seed, "%" PRIu64, settings->seed);
    snprintf(parent, sizeof parent, "%ld", (long)getpid());
    enum fan_tool_end end = FAN_TOOL_UNUSABLE;
    if (output && name)
        end = fan_tool_run(&(struct fan_tool){argv, output, OUTPUT}, interrupt, &status);
    int code;
    if (end == FAN_TOOL_EXITED && status == 0) {
        code = report(settings, kind, output);
    } else if (end == FAN_TOOL_STOPPED) {
        code = fail(settings, FAN_EXIT_SIGNAL + status, "interrupted", "interrupted");
    } else if (end == FAN_TOOL_UNUSABLE) {
        snprintf(why, sizeof why, "cannot start its child: %s", strerror(status));
        code = fail(settings, FAN_EXIT_LACKING, "environment", why);
    } else {
        snprintf(why, sizeof why, "its child ended with %s %d",
                 end == FAN_TOOL_DIED ? "signal" : "exit status", status);
        code = fail(settings, FAN_EXIT_FINDINGS, "broken", why);
    }
    free(name);
    free(output);
    return code;
}

static int perform(const struct settings *settings, const struct fan_experiment_kind *kind)
{
    bool sim = strcmp(settings->runtime, "sim") == 0;
    struct fan_interrupt interrupt;
    char path[4096], why[160];
    int error = fan_child_beside_us(sim ? "fanlab-experiment-sim" : "fanlab-experiment-real", path,
                                    sizeof path, why);
    if (error)
        return fail(settings, FAN_EXIT_LACKING, "environment", why);
    error = fan_interrupt_begin(&interrupt);
    if (error)
        return fail(settings, FAN_EXIT_LACKING, "environment", strerror(error));
    int code = run_child(settings, kind, path, &interrupt);
    fan_interrupt_end(&interrupt);
    return code;
}

static int run(int argc, char **argv)
{
    struct settings settings = {.seed = FAN_REQUEST_SEED};
    const struct fan_experiment_kind *kind;
    struct fan_parsed parsed;
    char why[FAN_OPTIONS_WHY];
    int error = fan_options_parse(options, argc, argv, &settings, &parsed, why);
    if (fan_command_explains(&fan_command_experiment, &parsed))
        return FAN_EXIT_CLEAN;
    if (error || !choose(argc, argv, &parsed, &settings, &kind, why))
        return refuse(&settings, why);
    return perform(&settings, kind);
}

const struct fan_command fan_command_experiment = {
    .name = "experiment",
    .operands = "NAME",
    .summary = "Measures what a bound, a limit or a hedge is for",
    .more = "  aimd        an adaptive limit finds what a service bears\n"
            "  hedge       a second copy of what is slow cuts the tail off\n"
            "  unbounded   a thread for each task, until no more are to be had\n"
            "  ways        three ways to fan out by hand, and fan_out: what a task pays\n\n"
            "It runs in a contained child. In virtual time, equal seeds give equal figures.\n"
            "Exit code: 0 the goals are met, 1 not all, or no figures, 2 usage,\n"
            "3 the environment lacks something, 128 + n interrupted by signal n.\n",
    .options = options,
    .run = run,
};
