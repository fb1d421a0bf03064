#include "app/story.h"

#include <ctype.h>
#include <string.h>

#include "app/report_json.h"
#include "app/story_words.h"
#include "app/tell.h"
#include "sim/op.h"
#include "watch/words.h"

enum {
    COLUMNS = 80,
    FIRST = 8,        /* the first thread's column */
    WIDEST = 14,      /* column */
    NARROWEST = 9,    /* that still has a thread's name above it */
    LEAST_PLACE = 8,  /* the end of one, or ":123" where even that has no room */
    LONGEST = 16,     /* pattern of steps that is folded */
    LEAST_FOLDED = 3, /* rows that folding must save */
    THREADS = 256,    /* as a step numbers them */
    ARROW = 3,        /* "-> " */
};

/* Who has which column. If there are more threads than fit, those that have a part in what was
 * found have one each, and the last column is for all others. */
struct columns {
    uint32_t count, own;
    uint8_t of[THREADS];
    uint32_t threads[THREADS]; /* whose it is, for the first `own` */
    int width;
};

struct story {
    FILE *out;
    const struct fan_attempt *attempt;
    struct fan_story_source source;
    struct columns columns;
};

/* ---- the threads' columns ---- */

struct widths {
    uint32_t threads;
    int words[THREADS]; /* the longest of each thread */
    int place;
};

static int longer(int a, size_t b)
{
    return (int)b > a ? (int)b : a;
}

static struct widths measure(const struct story *story)
{
    struct widths widths = {0};
    char words[FAN_STORY_WORDS], place[FAN_STORY_PLACE];
    for (uint32_t i = 0; i < story->source.count; i++) {
        const struct fan_story_step *step = &story->source.told->steps[i];
        fan_story_words_of_step(&story->source, i, words);
        fan_story_words_of_place(&story->source, step->pc, place);
        widths.words[step->thread] = longer(widths.words[step->thread], strlen(words));
        widths.place = longer(widths.place, strlen(place));
        if (step->thread >= widths.threads)
            widths.threads = step->thread + 1u;
    }
    return widths;
}

static bool is_culprit(const struct story *story, uint32_t thread)
{
    const struct fan_run *run = story->attempt->run;
    for (uint32_t i = 0; i < run->verdict->finding_count; i++)
        for (uint32_t j = 0; j < run->verdict->findings[i].culprit_count; j++)
            if (fan_snapshot_thread(run->snapshot,
                                    run->verdict->findings[i].culprits[j].thread.id) == (int)thread)
                return true;
    return false;
}

/* Gives columns of their own to `own` threads: those of the findings, then the others, in the order
 * of their creation; and stands them in that order. */
static void choose_columns(const struct story *story, uint32_t threads, uint32_t own,
                           struct columns *columns)
{
    bool chosen[THREADS] = {false};
    uint32_t left = own;
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < threads && left > 0; i++)
            if (!chosen[i] && (round == 1 || is_culprit(story, i))) {
                chosen[i] = true;
                left--;
            }
    columns->own = 0;
    for (uint32_t i = 0; i < threads; i++)
        if (chosen[i])
            columns->threads[columns->own++] = i;
    for (uint32_t i = 0, next = 0; i < threads; i++)
        columns->of[i] = (uint8_t)(chosen[i] ? next++ : own);
    columns->count = own + (own < threads);
}

static int words_in_column(const struct story *story, const struct columns *columns,
                           const struct widths *widths, uint32_t column)
{
    int longest = 0;
    for (uint32_t i = 0; i < widths->threads; i++) {
        size_t name = column == columns->own ? strlen(fan_story_thread(&story->source, i)) + 2 : 0;
        if (columns->of[i] == column)
            longest = longer(longest, (size_t)widths->words[i] + name);
    }
    return longest;
}

/* The widest columns which leave each row that much room for its place; 0 if none do. */
static int fitting_width(const struct story *story, const struct columns *columns,
                         const struct widths *widths, int place)
{
    int width = WIDEST;
    for (uint32_t i = 1; i < columns->count; i++) {
        int room = COLUMNS - FIRST - place - 1 - words_in_column(story, columns, widths, i);
        int most = room > 0 ? room / (int)i : 0;
        width = most < width ? most : width;
    }
    return width;
}

static void lay_out(struct story *story)
{
    struct widths widths = measure(story);
    struct columns *columns = &story->columns;
    uint32_t own = widths.threads;
    choose_columns(story, widths.threads, own, columns);
    while (own > 1 && fitting_width(story, columns, &widths, LEAST_PLACE) < NARROWEST)
        choose_columns(story, widths.threads, --own, columns);
    columns->width = fitting_width(story, columns, &widths, widths.place);
    if (columns->width < NARROWEST)
        columns->width = NARROWEST;
}

static bool has_own_column(const struct story *story, uint32_t thread)
{
    return story->columns.of[thread] < story->columns.own;
}

/* ---- rows ---- */

/* "worker 12", or so much of the name as fits before its number. */
static int print_name(const struct story *story, const char *name, int room)
{
    int length = (int)strlen(name), number = 0;
    while (number < length && isdigit((unsigned char)name[length - 1 - number]))
        number++;
    int kept = length <= room ? length - number : room - number;
    fprintf(story->out, "%.*s%s", kept, name, name + length - number);
    return kept + number;
}

static void print_header(const struct story *story)
{
    const struct columns *columns = &story->columns;
    int gap = FIRST;
    for (uint32_t i = 0; i < columns->count; i++) {
        const char *name =
            i < columns->own ? fan_story_thread(&story->source, columns->threads[i]) : "others";
        fprintf(story->out, "%*s", gap, "");
        gap = columns->width - print_name(story, name, columns->width - 1);
    }
    fputc('\n', story->out);
}

/* At the right edge: whole, or the end of it, or only the line. */
static void print_place(const struct story *story, const char *place, int room)
{
    int length = (int)strlen(place);
    const char *line = strrchr(place, ':');
    if (length == 0)
        return;
    if (length < room)
        fprintf(story->out, "%*s", room, place);
    else if (line && room > 10)
        fprintf(story->out, " ..%s", place + length - (room - 3));
    else if (line && (int)strlen(line) < room)
        fprintf(story->out, "%*s", room, line);
}

/* A row in a thread's column. */
static void print_row(const struct story *story, const char *left, uint32_t thread,
                      const char *words, uint64_t pc)
{
    char place[FAN_STORY_PLACE], cell[FAN_STORY_WORDS + 40];
    int indent = story->columns.of[thread] * story->columns.width;
    if (has_own_column(story, thread))
        snprintf(cell, sizeof cell, "%s", words);
    else
        snprintf(cell, sizeof cell, "%s: %s", fan_story_thread(&story->source, thread), words);
    int used =
        fprintf(story->out, "%6s  %*s%.*s", left, indent, "", COLUMNS - FIRST - indent, cell);
    fan_story_words_of_place(&story->source, pc, place);
    print_place(story, place, COLUMNS - used);
    fputc('\n', story->out);
}

static void print_step(const struct story *story, uint32_t which)
{
    const struct fan_story_step *step = &story->source.told->steps[which];
    char words[FAN_STORY_WORDS], number[16];
    fan_story_words_of_step(&story->source, which, words);
    snprintf(number, sizeof number, "%u", which + 1);
    print_row(story, number, step->thread, words, step->pc);
}

static void print_switch(const struct story *story, uint32_t which)
{
    char row[FAN_STORY_SWITCH];
    if (fan_story_words_of_switch(&story->source, which, row))
        fprintf(story->out, "  ----  %.*s\n", COLUMNS - FIRST, row);
}

/* ---- folding ---- */

/* Values may differ. */
static bool same_step(const struct fan_story_step *a, const struct fan_story_step *b)
{
    return a->thread == b->thread && a->kind == b->kind && a->stage == b->stage &&
           a->object == b->object && a->pc == b->pc && a->preempts == b->preempts &&
           a->error == b->error && a->size == b->size && a->taken == b->taken &&
           a->taken_object == b->taken_object;
}

struct pattern {
    uint32_t period, times; /* how often it comes again; 0 = there is none */
};

/* How often the `period` steps from `from` on come again, right behind each other. */
static uint32_t repetitions(const struct story *story, uint32_t from, uint32_t end, uint32_t period)
{
    uint32_t equal = 0;
    const struct fan_story_step *steps = story->source.told->steps;
    while (from + period + equal < end &&
           same_step(&steps[from + equal], &steps[from + period + equal]))
        equal++;
    return equal / period;
}

/* Of the patterns that repeat at `from`, the one that goes on for longest. */
static struct pattern find_pattern(const struct story *story, uint32_t from, uint32_t end)
{
    struct pattern best = {0};
    for (uint32_t period = 1; period <= LONGEST; period++) {
        uint32_t times = repetitions(story, from, end, period);
        if (times > 1 && period * times >= LEAST_FOLDED &&
            period * (times + 1) > best.period * (best.times + 1))
            best = (struct pattern){period, times};
    }
    return best;
}

/* "-> 1 <- 1": of a single step the arrow is in the row above. */
static void words_of_values(const struct story *story, uint32_t from, uint32_t period,
                            char words[2 * FAN_STORY_VALUE_WORDS])
{
    words[0] = '\0';
    for (uint32_t i = from; i < from + period; i++) {
        const struct fan_story_step *step = &story->source.told->steps[i];
        char one[FAN_STORY_VALUE_WORDS] = "";
        if (!step->error) /* which is the same in all */
            fan_story_words_of_result(step, one);
        const char *shown = period == 1 && strlen(one) > ARROW ? one + ARROW : one;
        if (*one && *words)
            strcat(words, " ");
        strcat(words, shown);
    }
}

/* The values of all that is folded, as far as they fit, and of the last. */
static void print_values(const struct story *story, uint32_t from, struct pattern pattern, int used)
{
    char words[2 * FAN_STORY_VALUE_WORDS], last[2 * FAN_STORY_VALUE_WORDS];
    uint32_t i = from, end = from + pattern.period * pattern.times;
    if (pattern.period > 2)
        return;
    words_of_values(story, end - pattern.period, pattern.period, last);
    words_of_values(story, from, pattern.period, words);
    if (!*words || used + (int)strlen(words) + (int)strlen(last) > COLUMNS - 10)
        return;
    used += fprintf(story->out, ": %s", words);
    for (i += pattern.period; i < end; i += pattern.period) {
        words_of_values(story, i, pattern.period, words);
        int needed = (int)strlen(words) + 2;
        if (used + needed + (i + pattern.period < end ? (int)strlen(last) + 7 : 0) > COLUMNS)
            break;
        used += fprintf(story->out, ", %s", words);
    }
    if (i < end)
        fprintf(story->out, ", ... %s", last);
}

static void print_folded(const struct story *story, uint32_t from, struct pattern pattern)
{
    int used;
    if (pattern.period == 1)
        used = fprintf(story->out, "   ...  the same %u times more", pattern.times);
    else
        used = fprintf(story->out, "   ...  these %u steps %u times more", pattern.period,
                       pattern.times);
    print_values(story, from, pattern, used);
    fputc('\n', story->out);
}

static void print_steps(const struct story *story, uint32_t from, uint32_t end)
{
    while (from < end) {
        struct pattern pattern = find_pattern(story, from, end);
        if (pattern.period > 1) {
            print_steps(story, from, from + pattern.period);
        } else {
            print_switch(story, from);
            print_step(story, from);
        }
        uint32_t told = pattern.period ? pattern.period : 1;
        if (pattern.period)
            print_folded(story, from + told, pattern);
        from += told + pattern.period * pattern.times;
    }
}

/* ---- the end ---- */

/* In its column, where it left the program's own code. */
static void print_stuck(const struct story *story, const struct fan_culprit *culprit)
{
    const struct fan_run *run = story->attempt->run;
    const struct fan_stack *stack = &culprit->thread.stack;
    int thread = fan_snapshot_thread(run->snapshot, culprit->thread.id);
    if (!*culprit->waits_for || thread == FAN_NO_INDEX || thread >= THREADS)
        return;
    uint32_t own = fan_symbols_own_frame(run->symbols, run->snapshot->load_base, stack);
    print_row(story, "stuck", (uint32_t)thread, culprit->waits_for,
              own < stack->depth ? stack->frames[own] : 0);
}

static void print_finding(const struct story *story, const struct fan_finding *finding)
{
    char kind[24] = "";
    const char *name = fan_finding_name(finding->kind);
    for (size_t i = 0; i < sizeof kind - 1 && name[i]; i++)
        kind[i] = (char)toupper((unsigned char)name[i]);
    for (uint32_t i = 0; i < finding->culprit_count; i++)
        print_stuck(story, &finding->culprits[i]);
    int used = fprintf(story->out, "  ====  %s: ", kind);
    fan_tell_wrapped(story->out, used, FIRST, finding->summary);
}

static void print_end(const struct story *story)
{
    const struct fan_verdict *verdict = story->attempt->run->verdict;
    for (uint32_t i = 0; i < verdict->finding_count; i++)
        print_finding(story, &verdict->findings[i]);
    if (fan_attempt_failed(story->attempt))
        fprintf(story->out, "  ====  %.*s\n", COLUMNS - FIRST, story->attempt->message);
    else if (verdict->finding_count == 0)
        fprintf(story->out, "  ====  every thread has ended, and nothing was found\n");
}

void fan_story_print(FILE *out, const struct fan_attempt *attempt)
{
    struct story story = {.out = out, .attempt = attempt, .source = fan_story_source_of(attempt)};
    uint32_t told = story.source.told->count;
    lay_out(&story);
    print_header(&story);
    print_steps(&story, 0, story.source.count);
    if (told > story.source.count)
        fprintf(out, "   ...  and %u steps more\n", told - story.source.count);
    print_end(&story);
}

/* ---- JSON ---- */

static json_t *bytes_of(const struct fan_story_step *step)
{
    char text[2 * FAN_STORY_VALUE + 1] = "";
    for (uint32_t i = 0; i < step->size && i < FAN_STORY_VALUE; i++)
        snprintf(text + 2 * i, 3, "%02x", (unsigned)step->value[i]);
    return json_string(text);
}

static void add_result(json_t *object, const struct fan_story_step *step)
{
    int64_t value;
    if (step->error)
        json_object_set_new(object, "error", json_string(fan_story_error(step->error)));
    if (step->taken != FAN_OP_NONE && step->taken != step->kind && step->taken < FAN_OP_COUNT)
        json_object_set_new(object, step->kind == FAN_OP_SELECT ? "case" : "ends",
                            json_string(fan_op_name(step->taken)));
    if (step->size == 0)
        return;
    if (fan_story_integer(step, &value))
        json_object_set_new(object, "value", json_integer(value));
    json_object_set_new(object, "bytes", bytes_of(step));
    json_object_set_new(object, "size", json_integer(step->size));
}

json_t *fan_story_json(const struct fan_attempt *attempt)
{
    struct fan_story_source source = fan_story_source_of(attempt);
    json_t *array = json_array();
    for (uint32_t i = 0; i < source.count; i++) {
        const struct fan_story_step *step = &source.told->steps[i];
        const struct fan_place *place = fan_story_place(&source, step->pc);
        json_t *object = json_object();
        json_object_set_new(object, "thread",
                            fan_report_string(fan_story_thread(&source, step->thread)));
        json_object_set_new(object, "op", json_string(fan_story_op(step)));
        json_object_set_new(object, "object", fan_report_string(fan_story_object(&source, step)));
        json_object_set_new(object, "resumes", json_boolean(step->stage == FAN_STAGE_RESUME));
        json_object_set_new(object, "preempts", json_boolean(step->preempts));
        add_result(object, step);
        json_object_set_new(object, "file", fan_report_string(place->file));
        json_object_set_new(object, "line", json_integer(place->line));
        json_array_append_new(array, object);
    }
    return array;
}
