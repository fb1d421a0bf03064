#define _GNU_SOURCE
#include "app/step.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/replay_line.h"
#include "app/step_words.h"
#include "base/clock.h"
#include "run/time.h"
#include "sim/sanitizers.h"

/* How long a step may take until it is taken for one without an end; and what comes after it. A
 * sanitizer slows all of it. */
enum { LIMIT_S = FAN_UNDER_ASAN || FAN_UNDER_TSAN ? 8 : 2 };
static const uint64_t LIMIT_NS = LIMIT_S * FAN_SECOND, UNSEEN_LIMIT_NS = LIMIT_S * FAN_SECOND / 2;

enum { LOOK_MS = 1 };

/* ---- starting ---- */

static struct fan_child_options options_of(const struct fan_step_subject *subject)
{
    return (struct fan_child_options){
        .helper = subject->helper,
        .sim = true,
        .schedules = {.walk = subject->seed, .fine = subject->fine},
        .scenario = subject->scenario->id,
        .variant = subject->variant->name,
        .seed = subject->seed,
        .workers = subject->workers,
        .items = subject->items,
    };
}

static void start(struct fan_step *step)
{
    char text[FAN_SCHEDULE_TEXT];
    struct fan_child_options options = options_of(&step->wish.subject);
    fan_schedule_print(&step->wish.schedule, text, sizeof text);
    options.schedules.schedule = text;
    options.schedules.stops = true;
    options.schedules.stop = step->wish.at;
    options.schedules.shown_only = step->wish.in_sight;
    fan_run_free(step->coming);
    step->coming = NULL;
    fan_step_preview_end(&step->preview);
    step->deadline_ns = fan_clock_ns() + (step->wish.in_sight ? LIMIT_NS : UNSEEN_LIMIT_NS);
    if (fan_run_start(&options, &step->coming, step->note) != 0)
        step->coming = NULL;
}

static void wish_for(struct fan_step *step, const struct fan_schedule *schedule, uint32_t at)
{
    step->note[0] = '\0';
    step->wish = (struct fan_step_wish){.subject = step->subject, .at = at};
    fan_schedule_copy(&step->wish.schedule, schedule);
    start(step);
}

int fan_step_open(const struct fan_step_subject *subject, struct fan_step **opened)
{
    static const struct fan_schedule none;
    struct fan_step *step = calloc(1, sizeof *step);
    if (!step)
        return ENOMEM;
    step->subject = *subject;
    wish_for(step, &none, 0);
    *opened = step;
    return 0;
}

void fan_step_close(struct fan_step *step)
{
    if (!step)
        return;
    fan_step_search_end(&step->search);
    fan_step_preview_end(&step->preview);
    fan_run_free(step->coming);
    fan_run_free(step->run);
    free(step);
}

/* ---- arriving ---- */

static void refuse(struct fan_step *step, const char *why)
{
    snprintf(step->note, sizeof step->note, "%s", why);
    fan_run_free(step->coming);
    step->coming = NULL;
}

/* Unseen, the child has died, or gone on for ever: once more, in sight. */
static bool tries_again(struct fan_step *step)
{
    const struct fan_exploration *told = step->coming->exploration;
    if (step->wish.in_sight || told->ended || told->runs == 0)
        return false;
    if (told->build)
        step->build = told->build;
    step->wish.in_sight = true;
    start(step);
    return true;
}

static bool same_parameters(const struct fan_step_subject *a, const struct fan_step_subject *b)
{
    return a->scenario == b->scenario && a->variant == b->variant && a->helper == b->helper &&
           a->seed == b->seed && a->workers == b->workers && a->items == b->items &&
           a->fine == b->fine;
}

/* Whether a line gives what it was made of; else why not. */
static const char *quarrel_with_line(const struct fan_step *step)
{
    const struct fan_step_wish *wish = &step->wish;
    const struct fan_exploration *told = step->coming->exploration;
    if (!wish->of_line || wish->in_sight)
        return NULL;
    if (fan_line_fold(told->build) != wish->build)
        return "this line is of another build: the program has other operations here";
    if (fan_line_fold(told->trace_hash) != wish->check)
        return "this line's steps give another run here than it was made of";
    return NULL;
}

static void print_line(struct fan_step *step)
{
    const struct fan_exploration *told = step->run->exploration;
    const struct fan_step_subject *subject = &step->subject;
    struct fan_replay_source source = {.scenario = subject->scenario,
                                       .variant = subject->variant,
                                       .workers = subject->workers,
                                       .items = subject->items,
                                       .seed = subject->seed,
                                       .fine = subject->fine,
                                       .build = step->build};
    fan_replay_line(&source, &told->current, step->wish.in_sight ? 0 : told->trace_hash,
                    step->line);
}

static void arrive(struct fan_step *step)
{
    const struct fan_exploration *told = step->coming->exploration;
    if (!same_parameters(&step->subject, &step->wish.subject))
        fan_step_search_end(&step->search);
    fan_run_free(step->run);
    step->run = step->coming;
    step->coming = NULL;
    step->subject = step->wish.subject;
    fan_schedule_copy(&step->schedule, &step->wish.schedule);
    step->over = told->chair.due == FAN_CHAIR_NOTHING;
    step->at = told->chair.choices;
    if (!step->wish.in_sight)
        step->build = told->build;
    print_line(step);
    if (told->chair.due == FAN_CHAIR_VALUE) {
        struct fan_child_options options = options_of(&step->subject);
        fan_step_preview_begin(&step->preview, &options, step->run);
    }
}

static void conclude(struct fan_step *step)
{
    fan_run_end(step->coming);
    if (tries_again(step))
        return;
    const struct fan_exploration *told = step->coming->exploration;
    const char *quarrel = told->diverged ? NULL : quarrel_with_line(step);
    if (told->diverged)
        refuse(step, "this does not fit the program: a thread it names cannot run there");
    else if (quarrel)
        refuse(step, quarrel);
    else if (told->chair.thread_count == 0 && *step->coming->error && told->story.count == 0)
        refuse(step, step->coming->error);
    else
        arrive(step);
}

static bool is_shown(const struct fan_run *run)
{
    return run->child.exploration &&
           __atomic_load_n(&run->child.exploration->shown, __ATOMIC_ACQUIRE);
}

/* A run that stops on the way needs one look after it did; one that is over, its verdict. */
static bool has_come(struct fan_step *step)
{
    struct fan_run *run = step->coming;
    bool shown = is_shown(run); /* asked first: then the look sees the end */
    fan_run_look(run);
    if (run->ended)
        return true;
    if (!shown)
        return false;
    return run->child.exploration->chair.due != FAN_CHAIR_NOTHING ||
           (run->verdict->final && run->verdict->outcome != FAN_OUTCOME_CLEAN);
}

/* What has happened until then is shown. */
static void give_up(struct fan_step *step)
{
    if (step->coming->exploration->story.count == 0) {
        refuse(step, "the program does not come to its first operation, and was given up");
        return;
    }
    arrive(step);
    struct fan_story_source source = fan_story_source_of_run(step->run);
    uint8_t last = source.told->steps[source.count - 1].thread;
    snprintf(step->note, sizeof step->note,
             "%s goes on and comes to no other operation: given up after %d s",
             fan_story_thread(&source, last), LIMIT_S);
}

static bool look_at_run(struct fan_step *step)
{
    if (!step->coming)
        return false;
    if (has_come(step)) {
        conclude(step);
        return true;
    }
    if (fan_clock_ns() < step->deadline_ns)
        return false;
    fan_run_end(step->coming);
    if (!tries_again(step))
        give_up(step);
    return true;
}

/* ---- the search ---- */

static void go_to_found(struct fan_step *step)
{
    const struct fan_step_search *search = &step->search;
    const struct fan_schedule *wanted = search->shortest ? &search->short_one : &search->first;
    if (search->state == FAN_STEP_SEARCH_BROKEN)
        snprintf(step->note, sizeof step->note, "cannot search: %s", search->why);
    else if (!search->found)
        snprintf(step->note, sizeof step->note, "none of %llu random schedules fails",
                 (unsigned long long)search->schedules);
    else
        wish_for(step, wanted, FAN_STEP_TO_THE_END);
}

void fan_step_find(struct fan_step *step, bool shortest)
{
    struct fan_step_search *search = &step->search;
    struct fan_child_options options = options_of(&step->subject);
    search->shortest = shortest;
    step->note[0] = '\0';
    if (search->state == FAN_STEP_SEARCHED_ALL) {
        go_to_found(step);
    } else if (search->state != FAN_STEP_SEARCHING) {
        fan_step_search_begin(search, &options, step->subject.variant);
        if (search->state == FAN_STEP_SEARCH_BROKEN)
            go_to_found(step);
    }
}

bool fan_step_look(struct fan_step *step)
{
    bool changed = look_at_run(step);
    changed |= fan_step_preview_look(&step->preview);
    if (step->search.state != FAN_STEP_SEARCHING)
        return changed;
    changed |= fan_step_search_look(&step->search);
    if (step->search.state != FAN_STEP_SEARCHING)
        go_to_found(step);
    return changed;
}

bool fan_step_is_running(const struct fan_step *step)
{
    return step->coming != NULL;
}

bool fan_step_is_busy(const struct fan_step *step)
{
    return step->coming || step->search.state == FAN_STEP_SEARCHING ||
           fan_step_preview_is_busy(&step->preview);
}

void fan_step_settle(struct fan_step *step)
{
    while (fan_step_is_busy(step))
        if (!fan_step_look(step))
            poll(NULL, 0, LOOK_MS);
}

/* ---- wishes ---- */

const struct fan_chair *fan_step_chair(const struct fan_step *step)
{
    return step->run ? &step->run->exploration->chair : NULL;
}

uint32_t fan_step_next(const struct fan_step *step)
{
    const struct fan_chair *chair = fan_step_chair(step);
    for (uint32_t i = 0; i < step->schedule.count; i++) {
        const struct fan_deviation *one = &step->schedule.deviations[i];
        if (one->thread == chair->thread && one->op == chair->op && one->nth == chair->nth)
            return one->chosen;
    }
    return chair->usual;
}

/* What was chosen so far, and then this; what was known to come after it is forgotten. */
static void turn_off(struct fan_step *step, uint32_t chosen)
{
    const struct fan_chair *chair = fan_step_chair(step);
    struct fan_schedule schedule;
    fan_schedule_copy(&schedule, &step->run->exploration->current);
    if (chosen != chair->usual) {
        if (schedule.overflowed || schedule.count == FAN_SCHEDULE_DEVIATIONS) {
            snprintf(step->note, sizeof step->note, "there are too many turns in this schedule");
            return;
        }
        schedule.deviations[schedule.count++] =
            (struct fan_deviation){.op = (uint16_t)chair->op,
                                   .thread = (uint8_t)chair->thread,
                                   .nth = (uint8_t)chair->nth,
                                   .chosen = (uint8_t)chosen};
    }
    wish_for(step, &schedule, step->at + 1);
}

static bool can_choose(struct fan_step *step, uint32_t chosen)
{
    const struct fan_chair *chair = fan_step_chair(step);
    step->note[0] = '\0';
    if (!chair || step->coming)
        return false;
    if (step->over)
        snprintf(step->note, sizeof step->note, "the run is over: , goes back");
    else if (chair->due == FAN_CHAIR_VALUE && chosen >= chair->options)
        snprintf(step->note, sizeof step->note, "there are %u possibilities", chair->options);
    else if (chair->due == FAN_CHAIR_THREAD && chosen >= chair->thread_count)
        snprintf(step->note, sizeof step->note, "there is no thread %u", chosen + 1);
    else if (chair->due == FAN_CHAIR_THREAD && !chair->threads[chosen].enabled)
        fan_step_words_refusal(step, chosen, step->note);
    return step->note[0] == '\0';
}

void fan_step_choose(struct fan_step *step, uint32_t chosen)
{
    if (!can_choose(step, chosen))
        return;
    if (fan_step_next(step) == chosen)
        wish_for(step, &step->schedule, step->at + 1);
    else
        turn_off(step, chosen);
}

void fan_step_go(struct fan_step *step, uint32_t at)
{
    if (step->coming)
        return;
    if (at > step->at && step->over)
        snprintf(step->note, sizeof step->note, "the run is over: , goes back");
    else
        wish_for(step, &step->schedule, at);
}

void fan_step_take(struct fan_step *step, const struct fan_step_subject *subject)
{
    static const struct fan_schedule none;
    step->note[0] = '\0';
    step->wish = (struct fan_step_wish){.subject = *subject};
    fan_schedule_copy(&step->wish.schedule, &none);
    start(step);
}

static const struct fan_variant *variant_of(const struct fan_scenario *scenario, char letter)
{
    for (size_t i = 0; i < scenario->variant_count; i++)
        if (scenario->variants[i].name[0] == letter)
            return &scenario->variants[i];
    return NULL;
}

/* What stands against following a line, before it has been tried; NULL = nothing. */
static const char *objection(const struct fan_step *step, const struct fan_line *line)
{
    if (strcmp(line->scenario, step->subject.scenario->id) != 0)
        return "this line is about another program than the one that is shown";
    if (!variant_of(step->subject.scenario, line->variant))
        return "this line is about a variant that there is not";
    if (line->workers < 1 || line->workers > FAN_CHILD_WORKERS)
        return "this line asks for more workers than there can be";
    return NULL;
}

void fan_step_follow(struct fan_step *step, const char *text)
{
    char why[96];
    struct fan_line line;
    const char *against = NULL;
    int error = fan_line_parse(text, &line, why);
    if (error)
        snprintf(step->note, sizeof step->note, "this line cannot be followed: %s", why);
    else if ((against = objection(step, &line)) != NULL)
        snprintf(step->note, sizeof step->note, "%s", against);
    if (error || against)
        return;
    step->note[0] = '\0';
    step->wish = (struct fan_step_wish){.subject = step->subject,
                                        .at = FAN_STEP_TO_THE_END,
                                        .of_line = true,
                                        .build = line.build,
                                        .check = line.check};
    step->wish.subject.variant = variant_of(step->subject.scenario, line.variant);
    step->wish.subject.seed = line.seed;
    step->wish.subject.workers = line.workers;
    step->wish.subject.items = line.items;
    step->wish.subject.fine = line.fine;
    fan_schedule_copy(&step->wish.schedule, &line.schedule);
    start(step);
}
