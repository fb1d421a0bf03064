#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/attempt.h"
#include "app/command.h"
#include "app/replay_line.h"
#include "app/report_json.h"
#include "app/report_text.h"
#include "app/request.h"
#include "app/screen/tui.h"
#include "app/story.h"
#include "app/userfile.h"
#include "bugs/table.h"
#include "lab/exploration.h"
#include "run/time.h"

struct settings {
    bool json, tui;
};

static const struct fan_option options[] = {
    FAN_REQUEST_JSON_OPTION(struct settings, "fanlab.replay/1"),
    {.name = "tui",
     .help = "step through it on the screen, from its end",
     .kind = FAN_OPTION_FLAG,
     .field = offsetof(struct settings, tui)},
    {0},
};

static const char schema[] = "fanlab.replay/1";

/* How a line and the run that it gave go together. */
enum match {
    MATCHES,
    OTHER_BUILD, /* it is of another program */
    DIVERGES,
};

struct replaying {
    struct fan_interrupt interrupt;
    const char *path;         /* of the C file that the line is about; NULL = it is about a bug */
    struct fan_userfile file; /* that */
    struct fan_line line;
    char schedule[FAN_SCHEDULE_TEXT];
    struct fan_attempt attempt;
    enum match match;
    char why[FAN_OPTIONS_WHY];
};

static bool parse(int argc, char **argv, struct settings *settings, struct fan_parsed *parsed,
                  struct replaying *replaying)
{
    char why[96], *complaint = replaying->why;
    if (fan_options_parse(options, argc, argv, settings, parsed, complaint) != 0)
        return false;
    int words = argc - parsed->operands;
    if (words != 1 && words != 2) {
        snprintf(complaint, FAN_OPTIONS_WHY,
                 "it takes one replay line, and the C file if it is about one");
        return false;
    }
    replaying->path = words == 2 ? argv[parsed->operands + 1] : NULL;
    if (replaying->path && !fan_userfile_is_one(replaying->path)) {
        snprintf(complaint, FAN_OPTIONS_WHY, "'%.80s' is no C file: its name does not end in .c",
                 replaying->path);
        return false;
    }
    if (fan_line_parse(argv[parsed->operands], &replaying->line, why) != 0) {
        snprintf(complaint, FAN_OPTIONS_WHY, "this line cannot be replayed: %s", why);
        return false;
    }
    if (settings->tui && (settings->json || !isatty(STDOUT_FILENO))) {
        snprintf(complaint, FAN_OPTIONS_WHY, "--tui %s",
                 settings->json ? "and --json exclude each other" : "needs a terminal");
        return false;
    }
    return true;
}

/* Which deviation of the line it was. */
static void tell_divergence(struct replaying *replaying, const struct fan_exploration *told)
{
    const struct fan_schedule *schedule = &replaying->line.schedule;
    if (told->used >= schedule->count) {
        snprintf(replaying->why, sizeof replaying->why,
                 "diverged: the line's steps were taken, and gave another run than it was made of"
                 " (%04x, not %04x)",
                 fan_line_fold(told->trace_hash), replaying->line.check);
        return;
    }
    const struct fan_deviation *one = &schedule->deviations[told->used];
    snprintf(replaying->why, sizeof replaying->why,
             "diverged: %u of the line's %u deviations fit; then %s %u was not to be had at"
             " operation %u of thread %u",
             (unsigned)told->used, schedule->count, one->nth ? "possibility" : "thread",
             one->chosen, one->op, one->thread);
}

static void compare(struct replaying *replaying)
{
    const struct fan_attempt *attempt = &replaying->attempt;
    const struct fan_exploration *told = attempt->run->exploration;
    replaying->match = MATCHES;
    if (fan_line_fold(told->build) != replaying->line.build) {
        replaying->match = OTHER_BUILD;
        snprintf(replaying->why, sizeof replaying->why,
                 "this line is of another build: %s %s has other operations here (%04x, not %04x)",
                 attempt->scenario->id, attempt->variant->name, fan_line_fold(told->build),
                 replaying->line.build);
    } else if (told->diverged || fan_line_fold(told->trace_hash) != replaying->line.check) {
        replaying->match = DIVERGES;
        tell_divergence(replaying, told);
    } else if (told->shown && told->shown_hash != told->trace_hash) {
        replaying->match = DIVERGES;
        snprintf(replaying->why, sizeof replaying->why,
                 "diverged: run again to be seen, it was another run (%04x, not %04x)",
                 fan_line_fold(told->shown_hash), fan_line_fold(told->trace_hash));
    }
}

static json_t *json_of(const struct replaying *replaying, const char *line)
{
    const struct fan_attempt *attempt = &replaying->attempt;
    const struct fan_exploration *told = attempt->run->exploration;
    char hash[17];
    json_t *object = fan_report_run(attempt, 1);
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)told->trace_hash);
    json_object_set_new(object, "schema", json_string(schema));
    json_object_set_new(object, "replay", fan_report_string(line));
    json_object_set_new(object, "trace_hash", json_string(hash));
    json_object_set_new(object, "diverged", json_boolean(replaying->match == DIVERGES));
    json_object_set_new(object, "story", fan_story_json(attempt));
    if (replaying->match != MATCHES) {
        json_object_set_new(object, "outcome", json_string("error"));
        json_object_set_new(object, "reason", json_string("diverged"));
        json_object_set_new(object, "message", fan_report_string(replaying->why));
    }
    return object;
}

static void refuse(const struct settings *settings, const char *reason,
                   const struct replaying *replaying)
{
    if (settings->json)
        fan_report_print(stdout,
                         fan_report_refusal(schema, reason, replaying->why, replaying->line.seed));
}

static void print_text(const struct replaying *replaying)
{
    const struct fan_attempt *attempt = &replaying->attempt;
    fan_report_text_head(stdout, attempt);
    fputc('\n', stdout);
    fan_story_print(stdout, attempt);
    fputc('\n', stdout);
    if (replaying->match == MATCHES)
        fan_report_text_attempt(stdout, attempt);
}

static int report(const struct settings *settings, const struct replaying *replaying,
                  const char *line)
{
    const struct fan_attempt *attempt = &replaying->attempt;
    if (replaying->match == OTHER_BUILD) {
        refuse(settings, "usage", replaying);
        fprintf(stderr, "fanlab replay: %s\n", replaying->why);
        return FAN_EXIT_USAGE;
    }
    if (settings->json)
        fan_report_print(stdout, json_of(replaying, line));
    else
        print_text(replaying);
    if (replaying->match == DIVERGES)
        fprintf(stderr, "fanlab replay: %s\n", replaying->why);
    if (attempt->end == FAN_ATTEMPT_INTERRUPTED)
        return FAN_EXIT_SIGNAL + attempt->signal;
    bool found = fan_attempt_failed(attempt) || attempt->run->verdict->finding_count > 0;
    return found || replaying->match == DIVERGES ? FAN_EXIT_FINDINGS : FAN_EXIT_CLEAN;
}

static int lack(const struct settings *settings, struct replaying *replaying, const char *why)
{
    snprintf(replaying->why, sizeof replaying->why, "%s", why);
    refuse(settings, "environment", replaying);
    fprintf(stderr, "fanlab replay: %s\n", why);
    return FAN_EXIT_LACKING;
}

static int replay(const struct settings *settings, struct replaying *replaying, const char *line)
{
    struct fan_attempt *attempt = &replaying->attempt;
    fan_schedule_print(&replaying->line.schedule, replaying->schedule, sizeof replaying->schedule);
    attempt->sim = true;
    attempt->helper = replaying->file.sim;
    attempt->schedule = replaying->schedule;
    attempt->fine = replaying->line.fine;
    attempt->seed = replaying->line.seed;
    attempt->workers = replaying->line.workers;
    attempt->items = replaying->line.items;
    fan_attempt_make(attempt, FAN_REQUEST_TIMEOUT_S * FAN_SECOND, &replaying->interrupt);
    if (attempt->end == FAN_ATTEMPT_UNSTARTED)
        return lack(settings, replaying, attempt->message);
    compare(replaying);
    int code = report(settings, replaying, line);
    fan_attempt_release(attempt);
    return code;
}

/* The screen tells itself what is wrong with a line that does not fit. */
static int step_through(const struct replaying *replaying, const char *line)
{
    const struct fan_line *parsed = &replaying->line;
    struct fan_step_subject subject = {.scenario = replaying->attempt.scenario,
                                       .variant = replaying->attempt.variant,
                                       .helper = replaying->file.sim,
                                       .seed = parsed->seed,
                                       .workers = parsed->workers,
                                       .items = parsed->items,
                                       .fine = parsed->fine};
    return fan_tui_run(&(struct fan_tui_options){.scenarios = fan_bugs,
                                                 .scenario_count = fan_bugs_count,
                                                 .seed = parsed->seed,
                                                 .step = &subject,
                                                 .line = line});
}

/* Returns 0, or the exit code that is due. */
static int open_file(const struct settings *settings, struct replaying *replaying)
{
    int signal = 0;
    if (!replaying->path)
        return 0;
    switch (fan_userfile_open(replaying->path, FAN_USERFILE_SIM, &replaying->interrupt,
                              &replaying->file, &signal, replaying->why)) {
    case FAN_USERFILE_FINE:
        return 0;
    case FAN_USERFILE_LACKING:
        return lack(settings, replaying, replaying->why);
    case FAN_USERFILE_UNUSABLE:
    case FAN_USERFILE_STOPPED:
        break;
    }
    refuse(settings, signal ? "interrupted" : "usage", replaying);
    fprintf(stderr, "fanlab replay: %s\n", replaying->why);
    return signal ? FAN_EXIT_SIGNAL + signal : FAN_EXIT_USAGE;
}

static int misused(const struct settings *settings, const struct replaying *replaying)
{
    refuse(settings, "usage", replaying);
    return fan_command_misused(&fan_command_replay, replaying->why);
}

static int replay_line(const struct settings *settings, struct replaying *replaying,
                       const char *line)
{
    struct fan_attempt *attempt = &replaying->attempt;
    int error = fan_interrupt_begin(&replaying->interrupt);
    if (error)
        return lack(settings, replaying, strerror(error));
    int code = open_file(settings, replaying);
    if (!code) {
        attempt->variant =
            fan_replay_find(&replaying->line, replaying->path ? &replaying->file : NULL,
                            &attempt->scenario, replaying->why);
        code = attempt->variant ? 0 : misused(settings, replaying);
    }
    if (attempt->variant && !settings->tui)
        code = replay(settings, replaying, line);
    fan_interrupt_end(&replaying->interrupt); /* the terminal has its own way with signals */
    if (attempt->variant && settings->tui)
        code = step_through(replaying, line);
    fan_userfile_close(&replaying->file);
    return code;
}

static int run(int argc, char **argv)
{
    struct settings settings = {0};
    struct fan_parsed parsed;
    struct replaying *replaying = calloc(1, sizeof *replaying);
    if (!replaying) {
        fprintf(stderr, "fanlab replay: out of memory\n");
        return FAN_EXIT_LACKING;
    }
    int code = FAN_EXIT_CLEAN;
    bool good = parse(argc, argv, &settings, &parsed, replaying);
    if (!fan_command_explains(&fan_command_replay, &parsed))
        code = good ? replay_line(&settings, replaying, argv[parsed.operands])
                    : misused(&settings, replaying);
    free(replaying);
    return code;
}

const struct fan_command fan_command_replay = {
    .name = "replay",
    .operands = "LINE [FILE.c]",
    .summary = "Runs one schedule again, step by step as it was",
    .more = "LINE is what 'fanlab explore' and 'fanlab run --runtime sim' print with a\n"
            "finding; FILE.c is the C file whose scenario it is about, if it is. With --tui\n"
            "you are the scheduler: go back from its end, and choose otherwise.\n"
            "Exit code: 0 nothing found, 1 something found, or the run is not the\n"
            "line's, 2 usage, or a line that is not of this build, 3 the environment\n"
            "lacks something, 128 + n interrupted by signal n.\n",
    .options = options,
    .run = run,
};
