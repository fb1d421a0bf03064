#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/explore.h"
#include "app/explore_json.h"
#include "app/explore_text.h"
#include "app/report_json.h"
#include "app/request.h"
#include "run/time.h"

enum {
    SCHEDULES = 10000,
    MOST_SCHEDULES = 1000000000,
    MOST_BOUND = 65534,
};

struct settings {
    const char *variant, *strategy, *grain;
    uint64_t schedules, bound, seed, workers, items;
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
    {.name = "json",
     .help = "one JSON object, schema fanlab.explore/1",
     .kind = FAN_OPTION_FLAG,
     .field = offsetof(struct settings, json)},
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
    size_t count;
    struct fan_explore *list[FAN_LAB_VARIANTS];
    struct fan_explore_shown shown[FAN_LAB_VARIANTS];
};

/* Who asks for a proof means all of it. */
static uint64_t default_schedules(const struct settings *settings)
{
    return strcmp(settings->strategy, "dpor") == 0 ? MOST_SCHEDULES : SCHEDULES;
}

/* Fills in what is to be explored and returns how many; 0 with a reason in `why`. */
static size_t plan(const struct settings *settings, const struct fan_scenario *bug,
                   struct fan_explore_request requests[FAN_LAB_VARIANTS], char why[FAN_OPTIONS_WHY])
{
    bool all = strcmp(settings->variant, "all") == 0;
    size_t count = all ? bug->variant_count : 1;
    for (size_t i = 0; i < count; i++) {
        requests[i] = (struct fan_explore_request){
            .scenario = bug,
            .variant = all ? &bug->variants[i] : fan_request_variant(bug, settings->variant, why),
            .seed = settings->seed,
            .workers =
                settings->workers == FAN_REQUEST_NOT_GIVEN ? bug->workers : settings->workers,
            .items = settings->items == FAN_REQUEST_NOT_GIVEN ? bug->items : settings->items,
            .strategy = settings->strategy,
            .schedules = settings->schedules ? settings->schedules : default_schedules(settings),
            .bound = settings->bound,
            .fine = fan_request_fine(settings->grain),
        };
        if (!requests[i].variant)
            return 0;
    }
    return count;
}

static size_t parse(int argc, char **argv, struct settings *settings, struct fan_parsed *parsed,
                    struct fan_explore_request *requests, char why[FAN_OPTIONS_WHY])
{
    if (fan_options_parse(options, argc, argv, settings, parsed, why) != 0)
        return 0;
    if (argc - parsed->operands != 1) {
        snprintf(why, FAN_OPTIONS_WHY, "it takes one bug, by number or name");
        return 0;
    }
    const struct fan_scenario *bug = fan_request_bug(argv[parsed->operands], why);
    return bug ? plan(settings, bug, requests, why) : 0;
}

/* ---- what is told while it goes on ---- */

static void tell_found(void *listener, const struct fan_explore_failure *failure)
{
    const struct explored *explored = listener;
    fan_explore_text_clear_progress(stderr);
    if (!explored->json)
        fan_explore_text_found(stdout, failure);
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

/* Returns whether the next one may follow. */
static bool explore_one(struct explored *explored, const struct fan_explore_request *request)
{
    struct fan_explore_listener listener = {tell_found,
                                            isatty(STDERR_FILENO) ? tell_progress : NULL, explored};
    if (!explored->json)
        fan_explore_text_begin(stdout, request);
    struct fan_explore *explore = fan_explore_make(request, &listener, explored->interrupt);
    fan_explore_text_clear_progress(stderr);
    if (!explore)
        return false;
    struct fan_explore_shown *shown = &explored->shown[explored->count];
    explored->list[explored->count++] = explore;
    if (explore->end != FAN_EXPLORE_INTERRUPTED)
        show_failures(explored, explore, shown);
    if (!explored->json)
        fan_explore_text_end(stdout, explore, shown);
    return explore->end == FAN_EXPLORE_DONE;
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
        if (explore->end == FAN_EXPLORE_BROKEN || explore->failure_count > 0)
            code = FAN_EXIT_FINDINGS;
    }
    return code;
}

static void complain(const struct explored *explored)
{
    const struct fan_explore *last = explored->count ? explored->list[explored->count - 1] : NULL;
    if (!last)
        fprintf(stderr, "fanlab explore: out of memory\n");
    else if (last->end == FAN_EXPLORE_INTERRUPTED)
        fprintf(stderr, "fanlab explore: interrupted by signal %d\n", last->signal);
    else if (*last->message)
        fprintf(stderr, "fanlab explore: %s\n", last->message);
}

static void release(struct explored *explored)
{
    for (size_t i = 0; i < explored->count; i++) {
        for (uint32_t j = 0; j < FAN_EXPLORE_FAILURES; j++)
            if (explored->shown[i].made[j])
                fan_attempt_release(&explored->shown[i].attempts[j]);
        free(explored->list[i]);
    }
    free(explored);
}

static void refuse(const struct settings *settings, const char *reason, const char *why)
{
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

static int explore_all(const struct settings *settings, const struct fan_explore_request *requests,
                       size_t count)
{
    struct fan_interrupt interrupt;
    struct explored *explored = calloc(1, sizeof *explored);
    if (!explored)
        return lack(settings, "out of memory");
    int error = fan_interrupt_begin(&interrupt);
    if (error) {
        free(explored);
        return lack(settings, strerror(error));
    }
    explored->interrupt = &interrupt;
    explored->json = settings->json;
    for (size_t i = 0; i < count && explore_one(explored, &requests[i]); i++)
        ;
    fan_interrupt_end(&interrupt);
    complain(explored);
    if (settings->json && explored->count > 0)
        fan_report_print(stdout,
                         fan_explore_json(explored->list, explored->shown, explored->count));
    int code = exit_code(explored, count);
    release(explored);
    return code;
}

static int run(int argc, char **argv)
{
    struct settings settings = defaults;
    struct fan_parsed parsed;
    struct fan_explore_request requests[FAN_LAB_VARIANTS];
    char why[FAN_OPTIONS_WHY];
    size_t count = parse(argc, argv, &settings, &parsed, requests, why);
    if (fan_command_explains(&fan_command_explore, &parsed))
        return FAN_EXIT_CLEAN;
    if (count == 0) {
        refuse(&settings, "usage", why);
        return fan_command_misused(&fan_command_explore, why);
    }
    return explore_all(&settings, requests, count);
}

const struct fan_command fan_command_explore = {
    .name = "explore",
    .operands = "ID",
    .summary = "Runs a bug and its fix under many schedules",
    .more = "Each failure is told of as it is found, with the line that 'fanlab replay'\n"
            "takes; in the end each is run once more and its finding is shown.\n"
            "Exit code: 0 nothing found, 1 something found, 2 usage, 3 the environment\n"
            "lacks something, 128 + n interrupted by signal n.\n",
    .options = options,
    .run = run,
};
