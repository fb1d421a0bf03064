#define _GNU_SOURCE
#include "app/mystery.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/report_text.h"
#include "app/request.h"
#include "app/story.h"
#include "app/tell.h"
#include "base/random.h"
#include "bugs/table.h"
#include "run/time.h"

enum {
    TRIES = 60,       /* schedules, in each of the two sizes, in which it may show */
    STORY_LINES = 14, /* the end of a run is where it shows */
    ONE_IN = 4,       /* cases in which nothing is wrong */
};

/* ---- choosing ---- */

static const struct fan_variant *variant_called(const struct fan_scenario *bug, const char *name)
{
    for (size_t i = 0; i < bug->variant_count; i++)
        if (strcmp(bug->variants[i].name, name) == 0)
            return &bug->variants[i];
    return NULL;
}

static const struct fan_variant *choose_variant(const struct fan_scenario *bug, bool wrong,
                                                struct fan_random *random)
{
    const struct fan_variant *rare = variant_called(bug, "rare");
    if (!wrong)
        return variant_called(bug, "fixed");
    return rare && fan_random_below(random, 2) == 0 ? rare : variant_called(bug, "buggy");
}

static const struct fan_scenario *choose_bug(bool *taken, struct fan_random *random)
{
    size_t which = (size_t)fan_random_below(random, fan_bugs_count);
    while (taken[which])
        which = (which + 1) % fan_bugs_count;
    taken[which] = true;
    return fan_bugs[which];
}

void fan_mystery_choose(uint64_t seed, struct fan_mystery cases[FAN_MYSTERY_CASES])
{
    struct fan_random random = {.state = seed};
    bool taken[64] = {false};
    uint64_t right = fan_random_below(&random, FAN_MYSTERY_CASES);
    for (uint64_t i = 0; i < FAN_MYSTERY_CASES; i++) {
        bool wrong = fan_random_below(&random, ONE_IN) != 0 && i != right;
        const struct fan_scenario *bug = choose_bug(taken, &random);
        cases[i] = (struct fan_mystery){
            .wrong = wrong,
            .attempt = {.scenario = bug,
                        .variant = choose_variant(bug, wrong, &random),
                        .sim = true,
                        .seed = 1 + fan_random_below(&random, 1000),
                        .workers = 2 + fan_random_below(&random, 2),
                        .items = 4 + fan_random_below(&random, 5)},
        };
    }
}

/* ---- running ---- */

static bool shows_it(const struct fan_mystery *mystery)
{
    bool found = mystery->attempt.run->verdict->finding_count > 0;
    return found == mystery->wrong;
}

/* Returns whether it was run to a verdict. */
static bool run_once(struct fan_attempt *attempt, const struct fan_interrupt *interrupt)
{
    fan_attempt_release(attempt);
    fan_attempt_make(attempt, FAN_REQUEST_TIMEOUT_S * FAN_SECOND, interrupt);
    return attempt->end == FAN_ATTEMPT_VERDICT;
}

static bool look_for_it(struct fan_mystery *mystery, const struct fan_interrupt *interrupt)
{
    struct fan_attempt *attempt = &mystery->attempt;
    for (int i = 0; i < TRIES; i++, attempt->seed++) {
        if (!run_once(attempt, interrupt))
            return false;
        if (shows_it(mystery))
            return true;
    }
    snprintf(attempt->message, sizeof attempt->message, "no schedule shows it");
    return false;
}

/* Some bugs need more work than a small case has. */
static bool look_in_own_size(struct fan_mystery *mystery, const struct fan_interrupt *interrupt)
{
    struct fan_attempt *attempt = &mystery->attempt;
    if (attempt->end != FAN_ATTEMPT_VERDICT)
        return false;
    attempt->workers = attempt->scenario->workers;
    attempt->items = attempt->scenario->items;
    return look_for_it(mystery, interrupt);
}

/* ---- what may be told ---- */

/* The place at the end of a line of the story, " 04_never_closed.c:60". */
static size_t length_without_place(const char *line, size_t length)
{
    size_t start = length;
    while (start > 0 && line[start - 1] != ' ')
        start--;
    if (memmem(line + start, length - start, ".c:", 3))
        length = start;
    while (length > 0 && line[length - 1] == ' ')
        length--;
    return length;
}

static bool is_verdict(const char *line)
{
    return strncmp(line, "  ====", 6) == 0;
}

static int count_lines(const char *text)
{
    int lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void tell_without_names(const char *story, FILE *out)
{
    int skipped = count_lines(story) - STORY_LINES, number = 0;
    for (const char *line = story; *line; number++) {
        size_t length = strcspn(line, "\n");
        if (!is_verdict(line) && (number == 0 || number > skipped))
            fprintf(out, "%.*s\n", (int)length_without_place(line, length), line);
        line += length + (line[length] == '\n');
    }
}

static char *story_of(const struct fan_attempt *attempt)
{
    char *whole = NULL, *told = NULL;
    size_t size;
    FILE *out = open_memstream(&whole, &size);
    if (out) {
        fan_story_print(out, attempt);
        fclose(out);
    }
    out = whole ? open_memstream(&told, &size) : NULL;
    if (out) {
        tell_without_names(whole, out);
        fclose(out);
    }
    free(whole);
    return told;
}

bool fan_mystery_run(struct fan_mystery *mystery, const struct fan_interrupt *interrupt)
{
    if (!look_for_it(mystery, interrupt) && !look_in_own_size(mystery, interrupt))
        return false;
    mystery->story = story_of(&mystery->attempt);
    return mystery->story != NULL;
}

void fan_mystery_release(struct fan_mystery *mystery)
{
    fan_attempt_release(&mystery->attempt);
    free(mystery->story);
    mystery->story = NULL;
}

/* ---- telling ---- */

int fan_mystery_answer(const struct fan_mystery *mystery)
{
    return mystery->wrong ? atoi(mystery->attempt.scenario->id) : 0;
}

static void print_threads(FILE *out, const struct fan_snapshot *now)
{
    for (uint32_t i = 0; i < now->thread_count; i++) {
        const struct fan_thread_view *thread = &now->threads[i];
        char line[200];
        if (fan_tell_blocked(now, thread, line))
            fprintf(out, "  %s\n", line);
        else
            fprintf(out, "  %s: %s\n", thread->label, fan_state_name(thread->state));
    }
}

void fan_mystery_print(FILE *out, const struct fan_mystery *mystery, int number)
{
    const struct fan_attempt *attempt = &mystery->attempt;
    const struct fan_snapshot *now = attempt->run->snapshot;
    fprintf(out, "case %d   workers %" PRIu64 "   items %" PRIu64 "   results %" PRIu64 "\n",
            number, attempt->workers, attempt->items, now->outputs);
    fprintf(out, "Somebody reports, and it may not be so:\n  %s\nThe end of a run of it:\n\n%s",
            attempt->scenario->symptom, mystery->story);
    fprintf(out, "\n%sIts threads then:\n\n",
            now->panicked ? "Here the program was aborted. " : "");
    print_threads(out, now);
    fputc('\n', out);
}

void fan_mystery_print_answer(FILE *out, const struct fan_mystery *mystery)
{
    const struct fan_scenario *bug = mystery->attempt.scenario;
    if (mystery->wrong)
        fprintf(out, "It is %d, %s. The evidence:\n\n", fan_mystery_answer(mystery), bug->title);
    else
        fprintf(out, "It is 0: nothing is wrong. This is %s with its repair:\n\n", bug->title);
    fan_report_text_attempt(out, &mystery->attempt);
    fprintf(out, "\nfanlab lesson %s tells more.\n\n", bug->id);
}
