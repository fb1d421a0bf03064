#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/mystery.h"
#include "app/mystery_score.h"
#include "app/report_json.h"
#include "app/request.h"
#include "base/clock.h"
#include "base/number.h"
#include "bugs/table.h"

struct settings {
    bool answer, json;
};

static const struct fan_option options[] = {
    {.name = "answer",
     .help = "print the answers, too, and ask nothing",
     .kind = FAN_OPTION_FLAG,
     .field = offsetof(struct settings, answer)},
    FAN_REQUEST_JSON_OPTION(struct settings, "fanlab.mystery/1"),
    {0},
};

enum { SEEDS = 10000, NO_ANSWER = -1, LEAVE = -2 };

/* Without a seed, one that is short enough to be told to others. */
static uint64_t any_seed(void)
{
    return 1 + fan_clock_ns() / 1000 % (SEEDS - 1);
}

/* ---- asking ---- */

static void print_kinds(void)
{
    printf(" 0  nothing is wrong\n");
    for (size_t i = 0; i < fan_bugs_count; i++)
        printf("%2d  %s\n", atoi(fan_bugs[i]->id), fan_bugs[i]->title);
    fputc('\n', stdout);
}

static int read_answer(const char *line)
{
    char word[16] = "";
    uint64_t number;
    sscanf(line, "%15s", word);
    if (strcmp(word, "q") == 0)
        return LEAVE;
    bool good = fan_number_parse(word, 0, fan_bugs_count, &number) == 0;
    return good ? (int)number : NO_ANSWER;
}

/* Until there is one; the end of the input leaves. */
static int ask(void)
{
    char line[80];
    for (;;) {
        printf("Which is it? 0 to %zu, or q to leave: ", fan_bugs_count);
        fflush(stdout);
        if (!fgets(line, sizeof line, stdin))
            return LEAVE;
        int answer = read_answer(line);
        if (answer != NO_ANSWER)
            return answer;
        print_kinds();
    }
}

/* Returns whether the next case may follow. */
static bool ask_about(const struct fan_mystery *mystery, struct fan_mystery_score *score)
{
    int answer = ask();
    if (answer == LEAVE)
        return false;
    bool right = answer == fan_mystery_answer(mystery);
    score->asked++;
    score->right += right;
    printf("\n%s ", right ? "Right." : "No.");
    fan_mystery_print_answer(stdout, mystery);
    return true;
}

static void tell_score(const struct fan_mystery_score *now)
{
    char why[200];
    struct fan_mystery_score all;
    printf("%d of %d right.", now->right, now->asked);
    int error = fan_mystery_score_add(now, &all, why);
    if (error)
        printf("\n");
    else
        printf(" In all: %d of %d.\n", all.right, all.asked);
    if (error)
        fprintf(stderr, "fanlab mystery: %s\n", why);
}

/* ---- the cases ---- */

static json_t *lines_of(const char *text)
{
    json_t *lines = json_array();
    while (*text) {
        size_t length = strcspn(text, "\n");
        json_array_append_new(lines, json_stringn(text, length));
        text += length + (text[length] == '\n');
    }
    return lines;
}

static json_t *json_of(const struct fan_mystery *mystery, int number, bool answer)
{
    const struct fan_attempt *attempt = &mystery->attempt;
    json_t *object = json_pack(
        "{s:i, s:s, s:I, s:I, s:I, s:o}", "case", number, "reported", attempt->scenario->symptom,
        "workers", (json_int_t)attempt->workers, "items", (json_int_t)attempt->items, "results",
        (json_int_t)attempt->run->snapshot->outputs, "story", lines_of(mystery->story));
    if (answer)
        json_object_set_new(object, "answer",
                            mystery->wrong ? json_string(attempt->scenario->id) : json_null());
    return object;
}

struct sitting {
    const struct settings *settings;
    bool asks;
    struct fan_interrupt interrupt;
    struct fan_mystery cases[FAN_MYSTERY_CASES];
    struct fan_mystery_score score;
    json_t *list;
};

/* Returns whether the next one may follow. */
static bool show(struct sitting *sitting, int which)
{
    const struct fan_mystery *mystery = &sitting->cases[which];
    if (sitting->settings->json) {
        json_array_append_new(sitting->list,
                              json_of(mystery, which + 1, sitting->settings->answer));
        return true;
    }
    fan_mystery_print(stdout, mystery, which + 1);
    if (sitting->asks)
        return ask_about(mystery, &sitting->score);
    if (sitting->settings->answer)
        fan_mystery_print_answer(stdout, mystery);
    return true;
}

/* Signals are held back only while a case is run: who is asked can always leave. */
static int run_case(struct sitting *sitting, int which)
{
    struct fan_mystery *mystery = &sitting->cases[which];
    int error = fan_interrupt_begin(&sitting->interrupt);
    if (error) {
        fprintf(stderr, "fanlab mystery: signals cannot be heard: %s\n", strerror(error));
        return FAN_EXIT_LACKING;
    }
    bool good = fan_mystery_run(mystery, &sitting->interrupt);
    fan_interrupt_end(&sitting->interrupt);
    if (good)
        return FAN_EXIT_CLEAN;
    fprintf(stderr, "fanlab mystery: case %d: %s\n", which + 1, mystery->attempt.message);
    return mystery->attempt.end == FAN_ATTEMPT_INTERRUPTED
               ? FAN_EXIT_SIGNAL + mystery->attempt.signal
               : FAN_EXIT_LACKING;
}

static int sit(struct sitting *sitting)
{
    int code = FAN_EXIT_CLEAN;
    bool go_on = true;
    for (int i = 0; i < FAN_MYSTERY_CASES && go_on && !code; i++) {
        code = run_case(sitting, i);
        if (!code)
            go_on = show(sitting, i);
        fan_mystery_release(&sitting->cases[i]);
    }
    return code;
}

static int solve(const struct settings *settings, uint64_t seed)
{
    bool asks =
        !settings->json && !settings->answer && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    struct sitting sitting = {.settings = settings, .asks = asks, .list = json_array()};
    fan_mystery_choose(seed, sitting.cases);
    if (!settings->json) {
        printf("%d cases, seed %" PRIu64 ": fanlab mystery %" PRIu64 " gives the same again.\n\n",
               FAN_MYSTERY_CASES, seed, seed);
        print_kinds();
    }
    int code = sit(&sitting);
    if (asks && sitting.score.asked > 0)
        tell_score(&sitting.score);
    if (settings->json && code == FAN_EXIT_CLEAN) {
        json_t *report = fan_report_envelope("fanlab.mystery/1", "clean");
        json_object_set_new(report, "seed", json_integer((json_int_t)seed));
        json_object_set(report, "cases", sitting.list);
        fan_report_print(stdout, report);
    } else if (settings->json) {
        fan_report_print(stdout, fan_report_refusal("fanlab.mystery/1", "environment",
                                                    "a case cannot be run", seed));
    }
    json_decref(sitting.list);
    return code;
}

static int run(int argc, char **argv)
{
    struct settings settings = {0};
    struct fan_parsed parsed;
    char why[FAN_OPTIONS_WHY];
    uint64_t seed = any_seed();
    int error = fan_options_parse(options, argc, argv, &settings, &parsed, why);
    if (fan_command_explains(&fan_command_mystery, &parsed))
        return FAN_EXIT_CLEAN;
    int words = argc - parsed.operands;
    if (!error && (words > 1 || (words == 1 && fan_number_parse(argv[parsed.operands], 0,
                                                                FAN_REQUEST_LAST_SEED, &seed)))) {
        snprintf(why, sizeof why, "it takes one seed, a whole number");
        error = EINVAL;
    }
    if (!error)
        return solve(&settings, seed);
    if (settings.json)
        fan_report_print(stdout, fan_report_refusal("fanlab.mystery/1", "usage", why, seed));
    return fan_command_misused(&fan_command_mystery, why);
}

const struct fan_command fan_command_mystery = {
    .name = "mystery",
    .operands = "[SEED]",
    .summary = "Shows unnamed cases to diagnose, and judges you",
    .more = "Five runs are told without the names that would give them away. Say which bug\n"
            "each shows, or that nothing is wrong: that is so of one at least. A seed gives\n"
            "the same cases everywhere. Without a terminal nothing is asked. The score is\n"
            "kept with your progress.\n"
            "Exit code: 0, whatever was answered; 2 usage; 3 the environment lacks\n"
            "something; 128 + n interrupted by signal n.\n",
    .options = options,
    .run = run,
};
