#include "app/practice.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/explore_text.h"
#include "app/lesson/lesson.h"
#include "app/lesson/requirement.h"
#include "app/report_text.h"
#include "app/request.h"
#include "app/story.h"
#include "run/time.h"

enum { RANDOM_SCHEDULES = 1000, PCT_SCHEDULES = 300, REAL_RUNS = 3, STILL_S = 5 };

static struct fan_practice_trial *begin_trial(struct fan_practice *practice, const char *what)
{
    const struct fan_scenario *bug = practice->subject->practised;
    struct fan_practice_trial *trial = &practice->trials[practice->trial_count++];
    *trial =
        (struct fan_practice_trial){.what = what, .workers = bug->workers, .items = bug->items};
    return trial;
}

static void add_break(struct fan_practice *practice, enum fan_finding_kind kind,
                      const char *summary)
{
    if (practice->break_count == FAN_EXPLORE_FAILURES)
        return;
    struct fan_practice_break *one = &practice->breaks[practice->break_count++];
    one->kind = kind;
    snprintf(one->summary, sizeof one->summary, "%s", summary);
    practice->end = FAN_PRACTICE_FAILS;
}

/* ---- under the controlled scheduler ---- */

/* A run that is looked at knows the names of things. */
static void retell_first(struct fan_practice *practice)
{
    const struct fan_verdict *verdict = practice->story.run->verdict;
    struct fan_practice_break *first = &practice->breaks[0];
    for (uint32_t i = verdict->finding_count; i-- > 0;)
        if (verdict->findings[i].kind == first->kind)
            snprintf(first->summary, sizeof first->summary, "%s", verdict->findings[i].summary);
}

static void show_first(struct fan_practice *practice, const struct fan_explore *explore,
                       const struct fan_interrupt *interrupt)
{
    for (uint32_t i = 0; i < explore->failure_count && !practice->shown; i++) {
        if (!*explore->failures[i].replay)
            continue;
        fan_explore_show(explore, &explore->failures[i], FAN_REQUEST_TIMEOUT_S * FAN_SECOND,
                         interrupt, &practice->story);
        practice->shown = practice->story.run != NULL;
    }
    if (practice->shown)
        retell_first(practice);
}

static void take_end(struct fan_practice *practice, const struct fan_explore *explore)
{
    static const enum fan_practice_end ends[] = {
        [FAN_EXPLORE_DONE] = FAN_PRACTICE_HOLDS,
        [FAN_EXPLORE_UNSTARTED] = FAN_PRACTICE_LACKING,
        [FAN_EXPLORE_BROKEN] = FAN_PRACTICE_UNDECIDED,
        [FAN_EXPLORE_STILL] = FAN_PRACTICE_UNDECIDED,
        [FAN_EXPLORE_INTERRUPTED] = FAN_PRACTICE_STOPPED,
    };
    practice->end = ends[explore->end];
    practice->signal = explore->signal;
    snprintf(practice->message, sizeof practice->message, "%s", explore->message);
}

static void take_explored(struct fan_practice *practice, struct fan_practice_trial *trial,
                          const struct fan_explore *explore, const struct fan_interrupt *interrupt)
{
    trial->runs = explore->schedules;
    trial->failing = explore->failing;
    trial->complete = explore->complete;
    take_end(practice, explore);
    if (practice->end == FAN_PRACTICE_STOPPED || practice->end == FAN_PRACTICE_LACKING)
        return;
    for (uint32_t i = 0; i < explore->failure_count; i++)
        add_break(practice, explore->failures[i].kind, explore->failures[i].message);
    if (practice->end == FAN_PRACTICE_FAILS)
        show_first(practice, explore, interrupt);
}

static void explore(struct fan_practice *practice, struct fan_practice_trial *trial,
                    const char *strategy, uint64_t schedules, const struct fan_interrupt *interrupt)
{
    const struct fan_scenario *scenario = practice->subject->scenario;
    struct fan_explore_request request = {
        .scenario = scenario,
        .variant = &scenario->variants[0],
        .helper = practice->subject->sim,
        .seed = practice->seed,
        .workers = trial->workers,
        .items = trial->items,
        .strategy = strategy,
        .schedules = schedules,
        .still_s = STILL_S,
    };
    trial->sim = true;
    struct fan_explore *explore =
        fan_explore_make(&request, &(struct fan_explore_listener){0}, interrupt);
    if (explore) {
        take_explored(practice, trial, explore, interrupt);
    } else {
        practice->end = FAN_PRACTICE_LACKING;
        snprintf(practice->message, sizeof practice->message, "out of memory");
    }
    free(explore);
}

static void try_every_small(struct fan_practice *practice, const struct fan_interrupt *interrupt)
{
    struct fan_practice_trial *trial = begin_trial(practice, "every schedule");
    trial->workers = trial->items = FAN_PRACTICE_SMALL;
    explore(practice, trial, "dpor", FAN_PRACTICE_SCHEDULES, interrupt);
    if (!trial->complete)
        trial->what = "schedules";
}

static void try_random(struct fan_practice *practice, const struct fan_interrupt *interrupt)
{
    explore(practice, begin_trial(practice, "random schedules"), "random", RANDOM_SCHEDULES,
            interrupt);
}

/* What a random walk hardly ever does: one thread runs far ahead of the others. */
static void try_lopsided(struct fan_practice *practice, const struct fan_interrupt *interrupt)
{
    explore(practice, begin_trial(practice, "lopsided schedules"), "pct", PCT_SCHEDULES, interrupt);
}

/* ---- with real threads ---- */

static void take_run(struct fan_practice *practice, struct fan_attempt *attempt)
{
    if (attempt->end == FAN_ATTEMPT_UNSTARTED || attempt->end == FAN_ATTEMPT_INTERRUPTED) {
        bool stopped = attempt->end == FAN_ATTEMPT_INTERRUPTED;
        practice->end = stopped ? FAN_PRACTICE_STOPPED : FAN_PRACTICE_LACKING;
        practice->signal = attempt->signal;
    } else if (fan_attempt_failed(attempt)) {
        practice->end = FAN_PRACTICE_UNDECIDED;
    }
    snprintf(practice->message, sizeof practice->message, "%s", attempt->message);
    if (practice->end != FAN_PRACTICE_HOLDS)
        return;
    const struct fan_verdict *verdict = attempt->run->verdict;
    for (uint32_t i = 0; i < verdict->finding_count; i++)
        add_break(practice, verdict->findings[i].kind, verdict->findings[i].summary);
}

static void run_once(struct fan_practice *practice, struct fan_practice_trial *trial,
                     const struct fan_interrupt *interrupt)
{
    const struct fan_scenario *scenario = practice->subject->scenario;
    struct fan_attempt attempt = {
        .scenario = scenario,
        .variant = &scenario->variants[0],
        .helper = practice->subject->real,
        .seed = practice->seed + trial->runs,
        .workers = trial->workers,
        .items = trial->items,
    };
    fan_attempt_make(&attempt, FAN_REQUEST_TIMEOUT_S * FAN_SECOND, interrupt);
    trial->runs++;
    take_run(practice, &attempt);
    if (practice->end == FAN_PRACTICE_FAILS) {
        trial->failing++;
        practice->shown = true;
        practice->story = attempt;
    } else {
        fan_attempt_release(&attempt);
    }
}

static void try_real(struct fan_practice *practice, const struct fan_interrupt *interrupt)
{
    struct fan_practice_trial *trial = begin_trial(practice, "runs with real threads");
    while (trial->runs < REAL_RUNS && practice->end == FAN_PRACTICE_HOLDS)
        run_once(practice, trial, interrupt);
}

void fan_practice_judge(struct fan_practice *practice, const struct fan_interrupt *interrupt)
{
    static void (*const trials[FAN_PRACTICE_TRIALS])(
        struct fan_practice *, const struct fan_interrupt *) = {try_every_small, try_random,
                                                                try_lopsided, try_real};
    *practice = (struct fan_practice){.subject = practice->subject, .seed = practice->seed};
    for (int i = 0; i < FAN_PRACTICE_TRIALS && practice->end == FAN_PRACTICE_HOLDS; i++)
        trials[i](practice, interrupt);
}

void fan_practice_release(struct fan_practice *practice)
{
    if (practice->shown)
        fan_attempt_release(&practice->story);
    practice->shown = false;
}

/* ---- telling ---- */

static void print_trials(FILE *out, const struct fan_practice *practice)
{
    for (size_t i = 0; i < practice->trial_count; i++) {
        const struct fan_practice_trial *trial = &practice->trials[i];
        char runs[32], failing[32];
        fan_explore_text_number(trial->runs, runs);
        fan_explore_text_number(trial->failing, failing);
        fprintf(out, "  %-23s %6s, %" PRIu64 " workers x %" PRIu64 " items: ", trial->what, runs,
                trial->workers, trial->items);
        if (trial->failing)
            fprintf(out, "%s fail\n", failing);
        else
            fprintf(out, "none fails%s\n", trial->complete ? "; these are all" : "");
    }
}

static bool told_before(const struct fan_practice *practice, size_t which)
{
    for (size_t i = 0; i < which; i++)
        if (practice->breaks[i].kind == practice->breaks[which].kind)
            return true;
    return false;
}

static void print_breaks(FILE *out, const struct fan_practice *practice)
{
    fprintf(out, "NOT YET. Not so:\n");
    for (size_t i = 0; i < practice->break_count; i++)
        if (!told_before(practice, i)) {
            const struct fan_practice_break *one = &practice->breaks[i];
            fprintf(out, "  - %s\n", fan_requirement_broken_by(one->kind));
            fprintf(out, "    %s: %.100s\n", fan_finding_name(one->kind), one->summary);
        }
    fputc('\n', out);
    print_trials(out, practice);
    if (!practice->shown)
        return;
    fputc('\n', out);
    if (practice->story.sim)
        fan_story_print(out, &practice->story);
    fputc('\n', out);
    fan_report_text_attempt(out, &practice->story);
}

static void print_held(FILE *out, const struct fan_practice *practice)
{
    const char *words[FAN_FINDING_KINDS];
    size_t count = fan_requirements_of(&practice->subject->practised->contract, words);
    fprintf(out, "IT HOLDS:\n");
    for (size_t i = 0; i < count; i++)
        fprintf(out, "  - %s\n", words[i]);
    fputc('\n', out);
    print_trials(out, practice);
    if (fan_lesson_find(practice->subject->practised->id))
        fprintf(out, "\nThe lesson goes on: fanlab lesson %s --at quiz\n",
                practice->subject->practised->id);
}

static void print_undecided(FILE *out, const struct fan_practice *practice)
{
    fprintf(out, "NOT YET. Not shown:\n  - %s\n    %s\n\n",
            fan_requirement_broken_by(FAN_FINDING_LIVELOCK), practice->message);
    print_trials(out, practice);
}

void fan_practice_print(FILE *out, const struct fan_practice *practice)
{
    fprintf(out, "%s, practice %s: %s\n\n", practice->subject->scenario->file,
            practice->subject->practised->id, practice->subject->practised->symptom);
    if (practice->end == FAN_PRACTICE_HOLDS)
        print_held(out, practice);
    else if (practice->end == FAN_PRACTICE_FAILS)
        print_breaks(out, practice);
    else
        print_undecided(out, practice);
    fflush(out);
}
