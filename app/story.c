#include "app/story.h"

#include <string.h>

#include "app/report_json.h"
#include "lab/exploration.h"
#include "sim/op.h"

enum {
    COLUMNS = 80,
    FIRST = 8,     /* the first thread's column */
    WIDEST = 14,   /* column */
    NARROWEST = 9, /* that has its thread's name above it */
    WORDS = 22,    /* that tell of a step */
    PLACE = 24,    /* its place in the source */
    LONGEST = 8,   /* pattern of steps that is folded */
    FOLD_FROM = 3, /* repetitions */
};

struct story {
    FILE *out;
    const struct fan_run *run;
    const struct fan_story *told;
    uint32_t count, threads;
    int width; /* of a column */
};

/* ---- words ---- */

static const char *name_of_thread(const struct story *story, uint32_t thread)
{
    const struct fan_snapshot *now = story->run->snapshot;
    return thread < now->thread_count ? now->threads[thread].label : "a thread";
}

static const char *name_of_object(const struct story *story, uint32_t object)
{
    const struct fan_snapshot *now = story->run->snapshot;
    uint64_t id = object < FAN_STORY_OBJECTS ? story->told->objects[object] : 0;
    int index = id ? fan_snapshot_object(now, id) : FAN_NO_INDEX;
    return index == FAN_NO_INDEX ? "" : now->objects[index].name;
}

static const char *name_of_step(const struct fan_story_step *step)
{
    if (step->kind == FAN_OP_NONE)
        return "begins";
    return step->kind < FAN_OP_COUNT ? fan_op_name(step->kind) : "?";
}

static void words_of(const struct story *story, const struct fan_story_step *step,
                     char words[WORDS + 1])
{
    const char *object = name_of_object(story, step->object);
    snprintf(words, WORDS + 1, "%s%s%.14s%s", name_of_step(step), *object ? " " : "", object,
             step->stage == FAN_STAGE_RESUME ? " done" : "");
}

static const struct fan_place *place_of(const struct story *story,
                                        const struct fan_story_step *step)
{
    return fan_symbols_find(story->run->symbols, story->run->snapshot->load_base, step->pc);
}

/* "08_double_close.c:35", its end if it is too long; empty if it is not known. */
static void words_of_place(const struct story *story, const struct fan_story_step *step,
                           char words[PLACE + 1])
{
    char whole[160];
    const struct fan_place *place = step->pc ? place_of(story, step) : NULL;
    words[0] = '\0';
    if (!place || !*place->file)
        return;
    const char *slash = strrchr(place->file, '/');
    snprintf(whole, sizeof whole, "%s:%d", slash ? slash + 1 : place->file, place->line);
    size_t length = strlen(whole);
    snprintf(words, PLACE + 1, "%.*s", PLACE, length > PLACE ? whole + length - PLACE : whole);
}

/* ---- rows ---- */

static bool has_names_above(const struct story *story)
{
    return story->width >= NARROWEST;
}

static void print_header(const struct story *story)
{
    if (!has_names_above(story))
        return;
    fprintf(story->out, "%*s", FIRST, "");
    for (uint32_t i = 0; i < story->threads; i++)
        fprintf(story->out, "%-*.*s", i + 1 < story->threads ? story->width : 0, story->width - 1,
                name_of_thread(story, i));
    fputc('\n', story->out);
}

/* In narrow columns the step says whose it is. */
static void print_step(const struct story *story, uint32_t which)
{
    const struct fan_story_step *step = &story->told->steps[which];
    char words[WORDS + 1], place[PLACE + 1], cell[64];
    words_of(story, step, words);
    words_of_place(story, step, place);
    if (has_names_above(story))
        snprintf(cell, sizeof cell, "%s", words);
    else
        snprintf(cell, sizeof cell, "%.10s: %s", name_of_thread(story, step->thread), words);
    int indent = step->thread * story->width;
    int room = COLUMNS - FIRST - indent - (int)strlen(place) - 1;
    int used = fprintf(story->out, "%6u  %*s%.*s", which + 1, indent, "", room, cell);
    if (*place)
        fprintf(story->out, "%*s", COLUMNS - used, place);
    fputc('\n', story->out);
}

static void print_switch(const struct story *story, uint32_t which)
{
    const struct fan_story_step *steps = story->told->steps;
    if (which == 0 || steps[which].thread == steps[which - 1].thread)
        return;
    const char *from = name_of_thread(story, steps[which - 1].thread);
    const char *to = name_of_thread(story, steps[which].thread);
    if (steps[which].preempts)
        fprintf(story->out, "  ----  %.24s goes on, though %.24s could\n", to, from);
    else
        fprintf(story->out, "  ----  %.24s cannot go on; %.24s does\n", from, to);
}

/* ---- folding ---- */

static bool same_step(const struct fan_story_step *a, const struct fan_story_step *b)
{
    return a->thread == b->thread && a->kind == b->kind && a->stage == b->stage &&
           a->object == b->object && a->pc == b->pc && a->preempts == b->preempts;
}

/* How often the `period` steps from `from` on come again, right behind each other. */
static uint32_t repetitions(const struct story *story, uint32_t from, uint32_t period)
{
    uint32_t equal = 0;
    const struct fan_story_step *steps = story->told->steps;
    while (from + period + equal < story->count &&
           same_step(&steps[from + equal], &steps[from + period + equal]))
        equal++;
    return equal / period;
}

/* Returns the shortest pattern that repeats at `from`, 0 if none does. */
static uint32_t find_pattern(const struct story *story, uint32_t from, uint32_t *times)
{
    for (uint32_t period = 1; period <= LONGEST; period++) {
        *times = repetitions(story, from, period);
        if (*times >= FOLD_FROM)
            return period;
    }
    return 0;
}

static void print_steps(const struct story *story, uint32_t from, uint32_t count)
{
    for (uint32_t i = from; i < from + count; i++) {
        print_switch(story, i);
        print_step(story, i);
    }
}

static void print_all(const struct story *story)
{
    uint32_t times;
    for (uint32_t i = 0; i < story->count;) {
        uint32_t period = find_pattern(story, i, &times);
        print_steps(story, i, period ? period : 1);
        if (period && period == 1)
            fprintf(story->out, "   ...  the same %u times more\n", times);
        else if (period)
            fprintf(story->out, "   ...  these %u steps %u times more\n", period, times);
        i += period ? period * (times + 1) : 1;
    }
}

/* What remains beside the longest words and places is the columns'. */
static int width_of_columns(const struct story *story)
{
    char text[WORDS + PLACE];
    int words = 0, place = 0;
    if (story->threads < 2)
        return WIDEST;
    for (uint32_t i = 0; i < story->count; i++) {
        words_of(story, &story->told->steps[i], text);
        words = (int)strlen(text) > words ? (int)strlen(text) : words;
        words_of_place(story, &story->told->steps[i], text);
        place = (int)strlen(text) > place ? (int)strlen(text) : place;
    }
    int width = (COLUMNS - FIRST - words - place - 2) / (int)(story->threads - 1);
    return width < WIDEST ? width : WIDEST;
}

static struct story begin(FILE *out, const struct fan_attempt *attempt)
{
    struct story story = {
        .out = out, .run = attempt->run, .told = &attempt->run->exploration->story};
    story.count = story.told->count < FAN_STORY_STEPS ? story.told->count : FAN_STORY_STEPS;
    for (uint32_t i = 0; i < story.count; i++)
        if (story.told->steps[i].thread >= story.threads)
            story.threads = story.told->steps[i].thread + 1u;
    story.width = width_of_columns(&story);
    return story;
}

void fan_story_print(FILE *out, const struct fan_attempt *attempt)
{
    struct story story = begin(out, attempt);
    print_header(&story);
    print_all(&story);
    if (story.told->count > story.count)
        fprintf(out, "   ...  and %u steps more\n", story.told->count - story.count);
}

json_t *fan_story_json(const struct fan_attempt *attempt)
{
    struct story story = begin(NULL, attempt);
    json_t *array = json_array();
    for (uint32_t i = 0; i < story.count; i++) {
        const struct fan_story_step *step = &story.told->steps[i];
        const struct fan_place *place = place_of(&story, step);
        json_t *object = json_object();
        json_object_set_new(object, "thread",
                            fan_report_string(name_of_thread(&story, step->thread)));
        json_object_set_new(object, "op", json_string(name_of_step(step)));
        json_object_set_new(object, "object",
                            fan_report_string(name_of_object(&story, step->object)));
        json_object_set_new(object, "resumes", json_boolean(step->stage == FAN_STAGE_RESUME));
        json_object_set_new(object, "preempts", json_boolean(step->preempts));
        json_object_set_new(object, "file", fan_report_string(place->file));
        json_object_set_new(object, "line", json_integer(place->line));
        json_array_append_new(array, object);
    }
    return array;
}
