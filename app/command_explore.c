#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/explore.h"
#include "app/explore_json.h"
#include "app/explore_random.h"
#include "app/explore_text.h"
#include "app/report_json.h"
#include "app/request.h"
#include "app/subject.h"
#include "run/time.h"

enum {
    SCHEDULES = 10000,
    MOST_SCHEDULES = 1000000000,
    MOST_BOUND = 65534,
};

struct settings {
    const char *variant, *strategy, *grain, *marks;
    uint64_t schedules, bound, seed, workers, items, timeout_s;
    bool json;
};

static const struct fan_option options[] = {
    FAN_REQUEST_VARIANT_OPTION(struct settings, "all (the default)"),
    {.name = "strategy",
     .argument = "NAME",
     .help = FAN_REQUEST_STRATEGIES_HELP " (default random)",
     .kind = FAN_OPTION_WORD,
     .words = fan_request_strategies,
     .field = offsetof(struct settings, strategy)},
    FAN_REQUEST_GRAIN_OPTION(struct settings),
    {.name = "marks",
     .argument = "on|off",
     .help = "switch at FAN_READ, _WRITE (dpor, delay: off)",
     .kind = FAN_OPTION_WORD,
     .words = fan_request_switch,
     .field = offsetof(struct settings, marks)},
    {.name = "schedules",
     .argument = "N",
     .help = "how many of each variant (default 10000; dpor: all)",
     .kind = FAN_OPTION_NUMBER,
     .low = 1,
     .high = MOST_SCHEDULES,
     .field = offsetof(struct settings, schedules)},
    {.name = "bound",
     .argument = "K",
     .help = "of strategies that have one (default: theirs)",
     .kind = FAN_OPTION_NUMBER,
     .high = MOST_BOUND,
     .field = offsetof(struct settings, bound)},
    FAN_REQUEST_SIZE_OPTIONS(struct settings),
    FAN_REQUEST_SEED_OPTION(struct settings),
    FAN_REQUEST_TIMEOUT_OPTION(struct settings, "end where a schedule has no operation for"),
    FAN_REQUEST_JSON_OPTION(struct settings, "fanlab.explore/1"),
    {0},
};

static const struct settings defaults = {
    .variant = "all",
    .strategy = "random",
    .seed = FAN_REQUEST_SEED,
    .workers = FAN_REQUEST_NOT_GIVEN,
    .items = FAN_REQUEST_NOT_GIVEN,
};

/* What has been explored, one after the other. */
struct explored {
    const struct fan_interrupt *interrupt;
    bool json;
    const struct fan_scenario *now; /* the one that is being explored */
    size_t count;
    struct fan_explore **list;
    struct fan_explore_shown *shown;
};

/* Who asks for a proof means all of it. */
static uint64_t default_schedules(const struct settings *settings)
{
    return strcmp(settings->strategy, "dpor") == 0 ? MOST_SCHEDULES : SCHEDULES;
}

/* What is to be explored. */
struct plan {
    size_t count;
    struct fan_explore_request *requests;
};

static enum fan_explore_marks wanted_marks(const struct settings *settings)
{
    if (!settings->marks)
        return FAN_EXPLORE_MARKS_BY_STRATEGY;
    return strcmp(settings->marks, "on") == 0 ? FAN_EXPLORE_MARKS_ON : FAN_EXPLORE_MARKS_OFF;
}

static void add_request(const struct settings *settings, const struct fan_subject *subject,
                        const struct fan_variant *variant, struct plan *plan)
{
    const struct fan_scenario *scenario = subject->scenario;
    plan->requests[plan->count++] = (struct fan_explore_request){
        .scenario = scenario,
        .variant = variant,
        .helper = subject->sim,
        .seed = settings->seed,
        .workers =
            settings->workers == FAN_REQUEST_NOT_GIVEN ? scenario->workers : settings->workers,
        .items = settings->items == FAN_REQUEST_NOT_GIVEN ? scenario->items : settings->items,
        .strategy = settings->strategy,
        .schedules = settings->schedules ? settings->schedules : default_schedules(settings),
        .bound = settings->bound,
        .still_s = settings->timeout_s,
        .fine = fan_request_fine(settings->grain),
        .marks = wanted_marks(settings),
    };
}

/* Returns whether there is what is asked for; else with a reason in `why`. */
static bool add_subject(const struct settings *settings, const struct fan_subject *subject,
                        struct plan *plan, char why[FAN_OPTIONS_WHY])
{
    const struct fan_scenario *scenario = subject->scenario;
    if (strcmp(settings->variant, "all") == 0) {
        for (size_t i = 0; i < scenario->variant_count; i++)
            add_request(settings, subject, &scenario->variants[i], plan);
        return true;
    }
    const struct fan_variant *variant = fan_request_variant(scenario, settings->variant, why);
    if (variant)
        add_request(settings, subject, variant, plan);
    return variant != NULL;
}

static bool make_plan(const struct settings *settings, const struct fan_subjects *subjects,
                      struct plan *plan, char why[FAN_OPTIONS_WHY])
{
    bool good = true;
    plan->requests = calloc(subjects->count * FAN_LAB_VARIANTS, sizeof *plan->requests);
    if (!plan->requests) {
        snprintf(why, FAN_OPTIONS_WHY, "out of memory");
        return false;
    }
    for (size_t i = 0; i < subjects->count && good; i++)
        good = add_subject(settings, &subjects->list[i], plan, why);
    if (good && plan->count == 0)
        snprintf(why, FAN_OPTIONS_WHY, "nothing to explore");
    return good && plan->count > 0;
}

static bool parse(int argc, char **argv, struct settings *settings, struct fan_parsed *parsed,
                  char why[FAN_OPTIONS_WHY])
{
    if (fan_options_parse(options, argc, argv, settings, parsed, why) != 0)
        return false;
    if (argc - parsed->operands == 1)
        return true;
    snprintf(why, FAN_OPTIONS_WHY, "it takes one bug, by number or name, or one C file");
    return false;
}

/* ---- what is told while it goes on ---- */

/* At once, so that nothing found is lost with us; the JSON object comes when all is over. */
static void tell_found(void *listener, const struct fan_explore_failure *failure)
{
    const struct explored *explored = listener;
    fan_explore_text_clear_progress(stderr);
    fan_explore_text_found(explored->json ? stderr : stdout, explored->now, failure);
}

static void tell_progress(void *listener, const struct fan_explore *explore)
{
    (void)listener;
    fan_explore_text_progress(stderr, explore);
}

/* ---- exploring ---- */

/* Runs each failure once more, for all to see. */
static void show_failures(struct explored *explored, const struct fan_explore *explore,
                          struct fan_explore_shown *shown)
{
    for (uint32_t i = 0; i < explore->failure_count; i++) {
        struct fan_attempt *attempt = &shown->attempts[i];
        if (!*explore->failures[i].replay)
            continue;
        fan_explore_show(explore, &explore->failures[i], FAN_REQUEST_TIMEOUT_S * FAN_SECOND,
                         explored->interrupt, attempt);
        shown->made[i] = true;
        if (attempt->end == FAN_ATTEMPT_INTERRUPTED)
            return;
    }
}

static void complain(const struct fan_explore *explore)
{
    if (!explore)
        fprintf(stderr, "fanlab explore: out of memory\n");
    else if (explore->end == FAN_EXPLORE_INTERRUPTED)
        fprintf(stderr, "fanlab explore: interrupted by signal %d\n", explore->signal);
    else if (*explore->message)
        fprintf(stderr, "fanlab explore: %s\n", explore->message);
}

/* Returns whether the next one may follow. */
static bool explore_one(struct explored *explored, const struct fan_explore_request *request)
{
    struct fan_explore_listener listener = {tell_found,
                                            isatty(STDERR_FILENO) ? tell_progress : NULL, explored};
    explored->now = request->scenario;
    if (!explored->json)
        fan_explore_text_begin(stdout, request);
    struct fan_explore *explore = fan_explore_make(request, &listener, explored->interrupt);
    fan_explore_text_clear_progress(stderr);
    complain(explore);
    if (!explore)
        return false;
    struct fan_explore_shown *shown = &explored->shown[explored->count];
    explored->list[explored->count++] = explore;
    if (explore->end != FAN_EXPLORE_INTERRUPTED)
        show_failures(explored, explore, shown);
    if (explore->end == FAN_EXPLORE_DONE && explore->failure_count > 0)
        fan_explore_try_random(explore, explored->interrupt);
    if (!explored->json)
        fan_explore_text_end(stdout, explore, shown);
    return explore->end == FAN_EXPLORE_DONE || explore->end == FAN_EXPLORE_STILL;
}

static int exit_code(const struct explored *explored, size_t wanted)
{
    int code = explored->count < wanted ? FAN_EXIT_FINDINGS : FAN_EXIT_CLEAN;
    for (size_t i = 0; i < explored->count; i++) {
        const struct fan_explore *explore = explored->list[i];
        if (explore->end == FAN_EXPLORE_INTERRUPTED)
            return FAN_EXIT_SIGNAL + explore->signal;
        if (explore->end == FAN_EXPLORE_UNSTARTED)
            return FAN_EXIT_LACKING;
        if (explore->end == FAN_EXPLORE_BROKEN || explore->end == FAN_EXPLORE_STILL ||
            explore->failure_count > 0)
            code = FAN_EXIT_FINDINGS;
    }
    return code;
}

static void release(struct explored *explored)
{
    for (size_t i = 0; i < explored->count; i++) {
        for (uint32_t j = 0; j < FAN_EXPLORE_FAILURES; j++)
            if (explored->shown[i].made[j])
                fan_attempt_release(&explored->shown[i].attempts[j]);
        free(explored->list[i]);
    }
    free(explored->list);
    free(explored->shown);
}

static void refuse(const void *given, const char *reason, const char *why)
{
    const struct settings *settings = given;
    if (settings->json)
        fan_report_print(stdout,
                         fan_report_refusal("fanlab.explore/1", reason, why, settings->seed));
}

static int lack(const struct settings *settings, const char *why)
{
    refuse(settings, "environment", why);
    fprintf(stderr, "fanlab explore: %s\n", why);
    return FAN_EXIT_LACKING;
}

static int explore_all(const struct settings *settings, const struct plan *plan,
                       const struct fan_interrupt *interrupt)
{
    struct explored explored = {.interrupt = interrupt,
                                .json = settings->json,
                                .list = calloc(plan->count, sizeof(struct fan_explore *)),
                                .shown = calloc(plan->count, sizeof *explored.shown)};
    if (!explored.list || !explored.shown) {
        release(&explored);
        return lack(settings, "out of memory");
    }
    for (size_t i = 0; i < plan->count && explore_one(&explored, &plan->requests[i]); i++)
        ;
    if (settings->json && explored.count > 0)
        fan_report_print(stdout, fan_explore_json(explored.list, explored.shown, explored.count));
    int code = exit_code(&explored, plan->count);
    release(&explored);
    return code;
}

static int explore_subjects(const void *given, const struct fan_subjects *subjects,
                            const struct fan_interrupt *interrupt)
{
    const struct settings *settings = given;
    char why[FAN_OPTIONS_WHY];
    struct plan plan = {0};
    int code;
    if (make_plan(settings, subjects, &plan, why)) {
        code = explore_all(settings, &plan, interrupt);
    } else {
        refuse(settings, "usage", why);
        code = fan_command_misused(&fan_command_explore, why);
    }
    free(plan.requests);
    return code;
}

static int run(int argc, char **argv)
{
    struct settings settings = defaults;
    struct fan_parsed parsed;
    char why[FAN_OPTIONS_WHY];
    bool good = parse(argc, argv, &settings, &parsed, why);
    if (fan_command_explains(&fan_command_explore, &parsed))
        return FAN_EXIT_CLEAN;
    if (good)
        return fan_subjects_use(&(struct fan_subjects_use){.command = &fan_command_explore,
                                                           .runtimes = FAN_USERFILE_SIM,
                                                           .settings = &settings,
                                                           .refuse = refuse,
                                                           .act = explore_subjects},
                                argv + parsed.operands, 1);
    refuse(&settings, "usage", why);
    return fan_command_misused(&fan_command_explore, why);
}

const struct fan_command fan_command_explore = {
    .name = "explore",
    .operands = "ID",
    .summary = "Runs a bug or a C file under many schedules",
    .more = FAN_REQUEST_ID_HELP
    "Each failure is told of as it is found, with the line that 'fanlab replay'\n"
    "takes; in the end each is run once more and its finding is shown.\n"
    "Exit code: 0 nothing found, 1 something found, 2 usage, 3 the environment\n"
    "lacks something, 128 + n interrupted by signal n.\n",
    .options = options,
    .run = run,
};
