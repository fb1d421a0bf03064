#define _GNU_SOURCE
#include "app/lesson/review.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "app/lesson/anchor.h"
#include "app/lesson/layout.h"
#include "app/lesson/shelf.h"

enum { WORD = 64, SHORTEST_WORD = 5, TITLE_LINES = 1, HEADING_LINES = 3 };

struct review {
    const struct fan_lesson *lesson;
    FILE *out;
    int complaints;
};

__attribute__((format(printf, 2, 3))) static void complain(struct review *review,
                                                           const char *format, ...)
{
    va_list arguments;
    fprintf(review->out, "%s: ", review->lesson->path);
    va_start(arguments, format);
    vfprintf(review->out, format, arguments);
    va_end(arguments);
    fputc('\n', review->out);
    review->complaints++;
}

/* ---- what may not be told before the prediction ---- */

static bool is_letter(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool holds_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = text; (at = strcasestr(at, word)); at++)
        if ((at == text || !is_letter(at[-1])) && !is_letter(at[length]))
            return true;
    return false;
}

/* Looks for a word in all that a hidden stage may show: text, replies and hints. */
static void forbid(struct review *review, const struct fan_stage *stage, const char *word)
{
    const struct fan_block *blocks = review->lesson->text.blocks;
    bool told = holds_word(stage->title, word);
    for (size_t i = stage->first; i < stage->first + stage->count; i++)
        told |= holds_word(blocks[i].text, word);
    for (int i = 0; i < stage->hint_count; i++)
        told |= holds_word(stage->hints[i]->text, word);
    if (told)
        complain(review, "'%s' tells '%s' before the prediction", stage->title, word);
}

/* In the code beside the part; the head of a bug's file explains the fix, so does not count. */
static bool occurs_outside(const char *source, const struct fan_anchor *part, const char *word)
{
    const char *head = strstr(source, "*/");
    const char *begin = head && head < part->start ? head : source;
    char *outside = strdup(begin);
    if (!outside)
        return false;
    memset(outside + (part->start - begin), ' ', part->length);
    bool occurs = holds_word(outside, word);
    free(outside);
    return occurs;
}

/* The next word of the code at *at, a name as C has them; false at its end. */
static bool take_word(const char **at, const char *end, char word[WORD])
{
    while (*at < end && !is_letter(**at))
        ++*at;
    const char *start = *at;
    while (*at < end && is_letter(**at))
        ++*at;
    snprintf(word, WORD, "%.*s", (int)(*at - start), start);
    return *at > start;
}

/* Any code may hold a word of the language, also what is cited of other languages. */
static bool is_keyword(const char *word)
{
    static const char *const keywords[] = {"break",  "const",  "continue", "return",
                                           "static", "struct", "switch",   "while"};
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
        if (strcmp(word, keywords[i]) == 0)
            return true;
    return false;
}

static void forbid_words_of_the_fix(struct review *review, const struct fan_stage *stage)
{
    char word[WORD];
    struct fan_anchor fix;
    const char *source = review->lesson->bug->source;
    if (!fan_anchor_find(source, "fixed", &fix)) {
        complain(review, "%s has no part 'fixed'", review->lesson->bug->file);
        return;
    }
    const char *at = fix.start;
    while (take_word(&at, fix.start + fix.length, word))
        if (strlen(word) >= SHORTEST_WORD && !is_keyword(word) &&
            !occurs_outside(source, &fix, word))
            forbid(review, stage, word);
}

static void review_hidden(struct review *review)
{
    const struct fan_scenario *bug = review->lesson->bug;
    for (int i = 0; i < review->lesson->stage_count; i++) {
        const struct fan_stage *stage = &review->lesson->stages[i];
        if (!stage->hidden)
            continue;
        forbid(review, stage, bug->title);
        forbid(review, stage, bug->name);
        forbid(review, stage, bug->file);
        forbid_words_of_the_fix(review, stage);
    }
}

/* ---- questions and hints ---- */

static int right_answers(const struct fan_lesson *lesson, int stage, int question)
{
    int right = 0;
    const struct fan_stage *in = &lesson->stages[stage];
    for (size_t i = in->first; i < in->first + in->count; i++)
        right += lesson->text.blocks[i].task == FAN_TASK_CHECKED &&
                 fan_lesson_question_of(lesson, stage, i) == question;
    return right;
}

static void review_questions(struct review *review, int stage)
{
    const struct fan_lesson *lesson = review->lesson;
    const struct fan_stage *in = &lesson->stages[stage];
    for (int i = 0; i < in->questions; i++) {
        int answers = fan_lesson_answers(lesson, stage, i);
        if (answers < 2 || answers > 9 || right_answers(lesson, stage, i) != 1)
            complain(review, "'%s', question %d: not one right answer of two to nine", in->title,
                     i + 1);
    }
    for (size_t i = in->first; i < in->first + in->count; i++) {
        const struct fan_block *block = &lesson->text.blocks[i];
        bool last = i + 1 == in->first + in->count;
        if (block->task != FAN_TASK_NONE && (last || block[1].depth == 0 || block[1].number > 0))
            complain(review, "'%s': no reply to '%.40s'", in->title, block->text);
    }
}

static void review_hints(struct review *review)
{
    const struct fan_stage *predict = &review->lesson->stages[review->lesson->predict];
    if (predict->hint_count != FAN_LESSON_HINTS)
        complain(review, "the prediction has no hints");
    for (int i = 0; i < predict->hint_count; i++) {
        const char *hint = predict->hints[i]->text;
        if (!*hint || hint[strlen(hint) - 1] != '?')
            complain(review, "hint %d is not a question", i + 1);
    }
}

/* ---- the whole ---- */

static void review_stages(struct review *review)
{
    static const char *const keys[] = {"symptom", "predict", "watch",     "step", "why",
                                       "repair",  "proof",   "your-code", "quiz"};
    enum { KEYS = sizeof keys / sizeof keys[0] };
    const struct fan_lesson *lesson = review->lesson;
    for (int i = 0; i < KEYS; i++)
        if (i >= lesson->stage_count || strcmp(lesson->stages[i].key, keys[i]) != 0)
            complain(review, "stage %d is not '%s'", i + 1, keys[i]);
}

static void review_languages(struct review *review)
{
    bool shown[FAN_VIEW_COUNT] = {false};
    for (size_t i = 0; i < review->lesson->text.count; i++)
        shown[review->lesson->text.blocks[i].view] = true;
    if (!shown[FAN_VIEW_C] || !shown[FAN_VIEW_GO] || !shown[FAN_VIEW_PTHREADS])
        complain(review, "not shown with libfan, in Go and with plain pthreads");
}

/* The lines of a stage in one view; those that are too wide are told. */
static size_t review_lines(struct review *review, int stage, enum fan_view view)
{
    struct fan_layout lines;
    struct fan_reading how = {.width = FAN_REVIEW_COLUMNS, .view = view};
    if (fan_layout_stage(review->lesson, stage, &how, &lines))
        return 0;
    size_t count = lines.count;
    for (size_t i = 0; i < count; i++)
        if (strlen(lines.lines[i].text) > FAN_REVIEW_COLUMNS)
            complain(review, "wider than the screen: %s", lines.lines[i].text);
    fan_layout_free(&lines);
    return count;
}

static size_t longest_view(struct review *review)
{
    size_t most = 0;
    for (enum fan_view view = FAN_VIEW_C; view < FAN_VIEW_COUNT; view++) {
        size_t lines = TITLE_LINES;
        for (int i = 0; i < review->lesson->stage_count; i++)
            lines += HEADING_LINES + review_lines(review, i, view);
        most = lines > most ? lines : most;
    }
    return most;
}

size_t fan_review_length(const struct fan_lesson *lesson)
{
    struct review review = {.lesson = lesson, .out = stderr};
    return longest_view(&review);
}

int fan_review_lesson(const struct fan_lesson *lesson, FILE *out)
{
    struct review review = {.lesson = lesson, .out = out};
    size_t lines = longest_view(&review);
    if (lines > FAN_REVIEW_LINES)
        complain(&review, "%zu lines; six screens have %d", lines, FAN_REVIEW_LINES);
    for (int i = 0; i < lesson->stage_count; i++)
        review_questions(&review, i);
    if (lesson->predict >= 0)
        review_hints(&review);
    if (lesson->bug) {
        review_stages(&review);
        review_hidden(&review);
        review_languages(&review);
    }
    return review.complaints;
}

/* ---- all lessons ---- */

static bool is_chapter(const struct fan_shelf_file *file)
{
    for (size_t i = 0; i < fan_curriculum_count; i++)
        if (fan_shelf_lesson(fan_curriculum[i].id) == file)
            return true;
    return false;
}

static int review_file(const struct fan_shelf_file *file, FILE *out)
{
    if (!strstr(file->path, ".md") || is_chapter(file))
        return 0;
    fprintf(out, "%s: not a chapter of the curriculum\n", file->path);
    return 1;
}

static int review_chapter(const char *id, FILE *out)
{
    struct fan_lesson lesson;
    char why[FAN_LESSON_WHY];
    const struct fan_shelf_file *file = fan_shelf_lesson(id);
    if (!file)
        return 0;
    if (fan_lesson_open(id, &lesson, why)) {
        fprintf(out, "%s: %s\n", file->path, why);
        return 1;
    }
    int complaints = fan_review_lesson(&lesson, out);
    fan_lesson_free(&lesson);
    return complaints;
}

int fan_review_all(FILE *out)
{
    int complaints = 0;
    for (size_t i = 0; i < fan_shelf_count; i++)
        complaints += review_file(&fan_shelf[i], out);
    for (size_t i = 0; i < fan_curriculum_count; i++)
        complaints += review_chapter(fan_curriculum[i].id, out);
    return complaints;
}
