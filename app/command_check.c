#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "app/check.h"
#include "app/check_formats.h"
#include "app/command.h"
#include "app/lesson/requirement.h"
#include "app/practice.h"
#include "app/practice_record.h"
#include "app/report_json.h"
#include "app/request.h"
#include "app/subject.h"
#include "run/time.h"

struct settings {
    const char *runtime, *format;
    uint64_t seed;
};

static const struct fan_option options[] = {
    {.name = "runtime",
     .argument = "NAME",
     .help = "real (threads in parallel, the default), sim, or both",
     .kind = FAN_OPTION_WORD,
     .words = (const char *const[]){"real", "sim", "both", NULL},
     .field = offsetof(struct settings, runtime)},
    {.name = "format",
     .argument = "NAME",
     .help = "text (the default), tap, junit, or json",
     .kind = FAN_OPTION_WORD,
     .words = (const char *const[]){"text", "tap", "junit", "json", NULL},
     .field = offsetof(struct settings, format)},
    FAN_REQUEST_SEED_OPTION(struct settings),
    {0},
};

enum { REAL_RUNS = 4 };

struct checks {
    bool (*check)(struct checks *checks, const struct fan_subject *subject,
                  const struct fan_variant *variant);
    uint64_t seed;
    bool text; /* attempts at repairs are told of in words, at once */
    const struct fan_interrupt *interrupt;
    size_t told; /* of the list, in words */
    size_t count, room;
    struct fan_check *list;
    int signal;        /* that interrupted them, 0 if none did */
    char lacking[160]; /* why they could not be made; empty if they could */
};

/* Returns whether the run could be made and was not interrupted. */
static bool check_a_run(struct checks *checks, const struct fan_subject *subject,
                        const struct fan_variant *variant, struct fan_check *check)
{
    struct fan_attempt attempt = {
        .scenario = subject->scenario,
        .variant = variant,
        .helper = subject->real,
        .seed = checks->seed,
        .workers = subject->scenario->workers,
        .items = subject->scenario->items,
    };
    fan_attempt_make(&attempt, FAN_REQUEST_TIMEOUT_S * FAN_SECOND, checks->interrupt);
    fan_check_judge(&attempt, check);
    if (attempt.end == FAN_ATTEMPT_UNSTARTED)
        strcpy(checks->lacking, attempt.message);
    checks->signal = attempt.signal;
    fan_attempt_release(&attempt);
    return attempt.end != FAN_ATTEMPT_UNSTARTED && attempt.end != FAN_ATTEMPT_INTERRUPTED;
}

/* Of one variant; returns whether the next check may follow. A single run of real threads need not
 * show what is wrong: their timing may happen to be harmless. A run that shows something else, or
 * anything where nothing is declared, is never made again. */
static bool check_real(struct checks *checks, const struct fan_subject *subject,
                       const struct fan_variant *variant)
{
    struct fan_check *check = &checks->list[checks->count++];
    bool more = true;
    check->unseen = true;
    for (int run = 0; run < REAL_RUNS && more && check->unseen; run++)
        more = check_a_run(checks, subject, variant, check);
    return more;
}

static bool check_sim(struct checks *checks, const struct fan_subject *subject,
                      const struct fan_variant *variant)
{
    struct fan_explore_request request = {
        .scenario = subject->scenario,
        .variant = variant,
        .helper = subject->sim,
        .seed = checks->seed,
        .workers = subject->scenario->workers,
        .items = subject->scenario->items,
        .strategy = "random",
        .schedules = fan_check_schedules(variant),
    };
    struct fan_explore *explore =
        fan_explore_make(&request, &(struct fan_explore_listener){0}, checks->interrupt);
    if (!explore) {
        snprintf(checks->lacking, sizeof checks->lacking, "out of memory");
        return false;
    }
    fan_check_judge_explored(explore, checks->interrupt, &checks->list[checks->count++]);
    if (explore->end == FAN_EXPLORE_UNSTARTED)
        snprintf(checks->lacking, sizeof checks->lacking, "%.159s", explore->message);
    checks->signal = explore->signal;
    bool go_on = explore->end != FAN_EXPLORE_UNSTARTED && explore->end != FAN_EXPLORE_INTERRUPTED;
    free(explore);
    return go_on;
}

static bool check_both(struct checks *checks, const struct fan_subject *subject,
                       const struct fan_variant *variant)
{
    if (!check_real(checks, subject, variant) || !check_sim(checks, subject, variant))
        return false;
    fan_check_excuse(&checks->list[checks->count - 2], &checks->list[checks->count - 1]);
    return true;
}

/* ---- attempts at repairs ---- */

static void list_trial(struct checks *checks, const struct fan_practice *practice,
                       const struct fan_practice_trial *trial, bool last)
{
    const struct fan_scenario *scenario = practice->subject->scenario;
    struct fan_check *check = &checks->list[checks->count++];
    *check = (struct fan_check){.scenario = scenario,
                                .variant = &scenario->variants[0],
                                .seed = checks->seed,
                                .sim = trial->sim,
                                .schedules = trial->runs,
                                .failing = trial->failing,
                                .passed = !last || practice->end == FAN_PRACTICE_HOLDS};
    if (check->passed)
        return;
    check->end = practice->end == FAN_PRACTICE_FAILS ? FAN_ATTEMPT_VERDICT : FAN_ATTEMPT_BROKEN;
    snprintf(check->problem, sizeof check->problem, "%.199s", practice->message);
    if (practice->break_count > 0)
        snprintf(check->problem, sizeof check->problem, "not so: %s",
                 fan_requirement_broken_by(practice->breaks[0].kind));
    for (size_t i = 0; i < practice->break_count && i < FAN_FINDINGS; i++) {
        struct fan_check_found *found = &check->found[check->found_count++];
        found->kind = practice->breaks[i].kind;
        snprintf(found->summary, sizeof found->summary, "%s", practice->breaks[i].summary);
    }
}

static void list_trials(struct checks *checks, const struct fan_practice *practice)
{
    for (size_t i = 0; i < practice->trial_count; i++)
        list_trial(checks, practice, &practice->trials[i], i + 1 == practice->trial_count);
    if (checks->text && practice->end <= FAN_PRACTICE_UNDECIDED) {
        fan_practice_print(stdout, practice);
        checks->told += practice->trial_count;
    }
}

/* Success is kept with the learner's progress. */
static void keep(const struct fan_practice *practice)
{
    char why[FAN_PROGRESS_WHY] = "";
    if (practice->end == FAN_PRACTICE_HOLDS &&
        fan_practice_record(practice->subject->practised, why) != 0)
        fprintf(stderr, "fanlab check: %s\n", why);
}

static bool check_practice(struct checks *checks, const struct fan_subject *subject)
{
    struct fan_practice *practice = calloc(1, sizeof *practice);
    if (!practice) {
        snprintf(checks->lacking, sizeof checks->lacking, "out of memory");
        return false;
    }
    practice->subject = subject;
    practice->seed = checks->seed;
    fan_practice_judge(practice, checks->interrupt);
    list_trials(checks, practice);
    keep(practice);
    bool go_on = practice->end <= FAN_PRACTICE_UNDECIDED;
    if (practice->end == FAN_PRACTICE_LACKING)
        snprintf(checks->lacking, sizeof checks->lacking, "%.159s", practice->message);
    checks->signal = practice->signal;
    fan_practice_release(practice);
    free(practice);
    return go_on;
}

static bool check_subject(struct checks *checks, const struct fan_subject *subject)
{
    bool go_on = true;
    if (subject->practised)
        return check_practice(checks, subject);
    for (size_t i = 0; i < subject->scenario->variant_count && go_on; i++)
        go_on = checks->check(checks, subject, &subject->scenario->variants[i]);
    return go_on;
}

static int conclude(const struct settings *settings, const struct checks *checks)
{
    if (checks->lacking[0])
        fprintf(stderr, "fanlab check: %s\n", checks->lacking);
    if (checks->signal)
        fprintf(stderr, "fanlab check: interrupted by signal %d\n", checks->signal);
    if (checks->told == 0 || checks->told < checks->count)
        fan_check_format_find(settings->format)
            ->print(stdout, settings->runtime, checks->list, checks->count);
    if (checks->lacking[0])
        return FAN_EXIT_LACKING;
    if (checks->signal)
        return FAN_EXIT_SIGNAL + checks->signal;
    return fan_check_failures(checks->list, checks->count) ? FAN_EXIT_FINDINGS : FAN_EXIT_CLEAN;
}

static int lack(const struct settings *settings, const char *why)
{
    if (strcmp(settings->format, "json") == 0)
        fan_report_print(stdout,
                         fan_report_refusal("fanlab.check/1", "environment", why, settings->seed));
    fprintf(stderr, "fanlab check: %s\n", why);
    return FAN_EXIT_LACKING;
}

static bool (*check_of(const char *runtime))(struct checks *, const struct fan_subject *,
                                             const struct fan_variant *)
{
    if (strcmp(runtime, "both") == 0)
        return check_both;
    return strcmp(runtime, "sim") == 0 ? check_sim : check_real;
}

static int runtimes_of(const char *runtime)
{
    if (strcmp(runtime, "both") == 0)
        return FAN_USERFILE_REAL | FAN_USERFILE_SIM;
    return strcmp(runtime, "sim") == 0 ? FAN_USERFILE_SIM : FAN_USERFILE_REAL;
}

static int check_subjects(const void *given, const struct fan_subjects *subjects,
                          const struct fan_interrupt *interrupt)
{
    const struct settings *settings = given;
    struct checks checks = {.check = check_of(settings->runtime),
                            .seed = settings->seed,
                            .text = strcmp(settings->format, "text") == 0,
                            .interrupt = interrupt,
                            .room = 2 * subjects->count * FAN_LAB_VARIANTS};
    bool go_on = true;
    checks.list = calloc(checks.room + 1, sizeof *checks.list);
    if (!checks.list)
        return lack(settings, "out of memory");
    for (size_t i = 0; i < subjects->count && go_on; i++)
        go_on = check_subject(&checks, &subjects->list[i]);
    int code = conclude(settings, &checks);
    free(checks.list);
    return code;
}

static void refuse(const void *given, const char *reason, const char *why)
{
    const struct settings *settings = given;
    if (strcmp(settings->format, "json") == 0)
        fan_report_print(stdout, fan_report_refusal("fanlab.check/1", reason, why, settings->seed));
}

static int run(int argc, char **argv)
{
    struct settings settings = {.runtime = "real", .format = "text", .seed = FAN_REQUEST_SEED};
    struct fan_parsed parsed;
    char why[FAN_OPTIONS_WHY];
    int error = fan_options_parse(options, argc, argv, &settings, &parsed, why);
    if (fan_command_explains(&fan_command_check, &parsed))
        return FAN_EXIT_CLEAN;
    if (!error)
        return fan_subjects_use(
            &(struct fan_subjects_use){.command = &fan_command_check,
                                       .runtimes =
                                           runtimes_of(settings.runtime) | FAN_USERFILE_PRACTISE,
                                       .all_if_none = true,
                                       .settings = &settings,
                                       .refuse = refuse,
                                       .act = check_subjects},
            argv + parsed.operands, (size_t)(argc - parsed.operands));
    refuse(&settings, "usage", why);
    return fan_command_misused(&fan_command_check, why);
}

const struct fan_command fan_command_check = {
    .name = "check",
    .operands = "[ID...]",
    .summary = "Checks that each bug is found, and each fix silent",
    .more = FAN_REQUEST_ID_HELP
    "Of its scenarios, a variant must give what it declares, and nothing else.\n"
    "A practice file (see 'fanlab practice --help') is judged by both runtimes: by\n"
    "every schedule of a small size, a sample of those of the bug's own size, and\n"
    "some runs with real threads.\n"
    "Exit code: 0 all as declared, 1 not so, 2 usage, 3 the environment lacks\n"
    "something, 128 + n interrupted by signal n.\n",
    .options = options,
    .run = run,
};
