#define _GNU_SOURCE
#include "app/lesson/layout.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A piece of a paragraph that goes onto one line. */
struct piece {
    size_t start, length;
};

/* ---- lines ---- */

static bool grow(struct fan_layout *layout)
{
    size_t room = 2 * layout->room + 16;
    struct fan_line *grown = realloc(layout->lines, room * sizeof *grown);
    if (!grown)
        return false;
    layout->lines = grown;
    layout->room = room;
    return true;
}

/* Adds a line without text; NULL: no memory. */
static struct fan_line *add_line(struct fan_layout *layout, enum fan_look look)
{
    if (layout->count == layout->room && !grow(layout))
        return NULL;
    struct fan_line *lines = layout->lines;
    lines[layout->count] = (struct fan_line){.look = look};
    return &lines[layout->count++];
}

static int add_blank(struct fan_layout *layout)
{
    struct fan_line *line = add_line(layout, FAN_LOOK_TEXT);
    if (line)
        line->text = strdup("");
    return line && line->text ? 0 : ENOMEM;
}

void fan_layout_free(struct fan_layout *layout)
{
    for (size_t i = 0; i < layout->count; i++) {
        free(layout->lines[i].text);
        free(layout->lines[i].spans);
    }
    free(layout->lines);
    *layout = (struct fan_layout){0};
}

/* ---- spans ---- */

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The spans of the block that reach into a piece, moved to where the piece stands in its line. */
static int cut_spans(struct fan_line *line, const struct fan_block *block, struct piece piece,
                     size_t indent)
{
    if (block->span_count == 0)
        return 0;
    line->spans = malloc(block->span_count * sizeof line->spans[0]);
    if (!line->spans)
        return ENOMEM;
    for (size_t i = 0; i < block->span_count; i++) {
        const struct fan_span *span = &block->spans[i];
        size_t start = larger(span->start, piece.start);
        size_t end = smaller(span->end, piece.start + piece.length);
        if (start < end)
            line->spans[line->span_count++] =
                (struct fan_span){.kind = span->kind,
                                  .start = start - piece.start + indent,
                                  .end = end - piece.start + indent};
    }
    return 0;
}

/* The spans around the one that has just been quoted grow with it. */
static void stretch_around(const struct fan_block *block, size_t inner, struct fan_block *quoted)
{
    for (size_t i = 0; i < inner; i++)
        if (block->spans[i].end >= block->spans[inner].end)
            quoted->spans[i].end += 2;
}

/* Without colours nothing would tell `in` from in, so code within prose keeps its backquotes. */
static int quote_code(const struct fan_block *block, struct fan_block *quoted)
{
    size_t ticks = 0;
    *quoted = *block;
    quoted->text = malloc(strlen(block->text) + 2 * block->span_count + 1);
    quoted->spans = malloc((block->span_count + 1) * sizeof block->spans[0]);
    if (!quoted->text || !quoted->spans)
        return ENOMEM;
    strcpy(quoted->text, block->text);
    for (size_t i = 0; i < block->span_count; i++) {
        struct fan_span span = block->spans[i];
        size_t tick = span.kind == FAN_SPAN_CODE && span.end > span.start;
        char *start = quoted->text + span.start + ticks, *end = quoted->text + span.end + ticks;
        if (tick) {
            memmove(end + 2, end, strlen(end) + 1);
            memmove(start + 1, start, (size_t)(end - start));
            *start = end[1] = '`';
            stretch_around(block, i, quoted);
        }
        quoted->spans[i] =
            (struct fan_span){span.kind, span.start + ticks, span.end + ticks + 2 * tick};
        ticks += 2 * tick;
    }
    return 0;
}

/* ---- wrapping ---- */

/* How much of the text from `start` fits the room: up to a newline, else up to the last space. */
static struct piece fit(const char *text, size_t start, size_t room, bool is_code)
{
    size_t length = strcspn(text + start, "\n");
    if (length <= room)
        return (struct piece){start, length};
    for (size_t at = room; at > 0 && !is_code; at--)
        if (text[start + at] == ' ')
            return (struct piece){start, at};
    return (struct piece){start, room};
}

static int add_piece(struct fan_layout *layout, enum fan_look look, const char *mark,
                     const struct fan_block *block, struct piece piece)
{
    struct fan_line *line = add_line(layout, look);
    if (!line)
        return ENOMEM;
    if (asprintf(&line->text, "%s%.*s", mark, (int)piece.length, block->text + piece.start) < 0) {
        line->text = NULL;
        return ENOMEM;
    }
    return cut_spans(line, block, piece, strlen(mark));
}

static size_t skip_break(const char *text, size_t at, bool is_code)
{
    if (text[at] == '\n')
        return at + 1;
    while (!is_code && text[at] == ' ')
        at++;
    return at;
}

static int wrap(struct fan_layout *layout, enum fan_look look, const char *mark,
                const struct fan_block *block, int width)
{
    char indent[40];
    bool is_code = block->kind == FAN_BLOCK_CODE;
    size_t columns = strlen(mark), room = (size_t)width - columns;
    snprintf(indent, sizeof indent, "%*s", (int)columns, "");
    for (size_t at = 0; block->text[at];) {
        struct piece piece = fit(block->text, at, room, is_code);
        int error = add_piece(layout, look, at ? indent : mark, block, piece);
        if (error)
            return error;
        at = skip_break(block->text, piece.start + piece.length, is_code);
    }
    return 0;
}

int fan_layout_add(struct fan_layout *layout, enum fan_look look, const char *mark,
                   const struct fan_block *block, int width)
{
    struct fan_block quoted;
    int error = quote_code(block, &quoted);
    if (!error)
        error = wrap(layout, look, mark, &quoted, width);
    free(quoted.text);
    free(quoted.spans);
    return error;
}

/* ---- blocks ---- */

struct page {
    const struct fan_lesson *lesson;
    const struct fan_stage *stage;
    const struct fan_reading *how;
    struct fan_layout *out;
    int question; /* of the block in hand; -1: none */
    int answer;   /* the answer that the block in hand belongs to */
    const struct fan_block *above;
};

static int chosen_of(const struct page *page)
{
    return page->how->chosen && page->question >= 0 ? page->how->chosen[page->question] : 0;
}

static bool is_shown(const struct page *page, const struct fan_block *block)
{
    bool reply = page->question >= 0 && block->task == FAN_TASK_NONE;
    if (reply && !page->how->replies && chosen_of(page) != page->answer)
        return false;
    return block->view == FAN_VIEW_EVERY || page->how->view == FAN_VIEW_EVERY ||
           block->view == page->how->view;
}

/* Entries of one list stand together; all else has a blank line before it. */
static bool needs_blank(const struct page *page, const struct fan_block *block)
{
    if (!page->above)
        return false;
    bool reply = page->question >= 0 && block->task == FAN_TASK_NONE;
    bool entries = page->above->depth > 0 && block->kind == FAN_BLOCK_ITEM;
    return !reply && !entries;
}

static int add_text(const struct page *page, enum fan_look look, const char *mark, char *text)
{
    struct fan_block block = {.kind = FAN_BLOCK_PARAGRAPH, .text = text};
    return fan_layout_add(page->out, look, mark, &block, page->how->width);
}

/* Where code stands may hold a bug's name: it is told only by that bug's lesson, and not before the
 * prediction. */
static bool may_be_told(const struct page *page, const char *place)
{
    const struct fan_scenario *bug = page->lesson->bug;
    if (page->stage->hidden || !place)
        return false;
    return strncmp(place, "bugs/", 5) != 0 ||
           (bug && strncmp(place, bug->file, strlen(bug->file)) == 0);
}

static int add_label(const struct page *page, const struct fan_block *block)
{
    char label[240];
    const char *place = may_be_told(page, block->place) ? block->place : NULL;
    if (!block->label && !place)
        return 0;
    snprintf(label, sizeof label, "%s%s%s", block->label ? block->label : "",
             block->label && place ? ", " : "", place ? place : "");
    return add_text(page, FAN_LOOK_LABEL, "", label);
}

static int add_lab(const struct page *page)
{
    char text[240];
    const struct fan_lesson_lab *lab = &page->stage->lab;
    snprintf(text, sizeof text,
             "enter opens the lab. Without a screen: fanlab run %s --workers %" PRIu64
             " --items %" PRIu64 " --seed %" PRIu64,
             page->lesson->id, lab->workers, lab->items, lab->seed);
    return add_text(page, FAN_LOOK_LAB, "> ", text);
}

static int add_code(const struct page *page, const struct fan_block *block)
{
    if (strcmp(block->info, "lab") == 0)
        return add_lab(page);
    bool is_output = strncmp(block->info, "run", 3) == 0;
    int error = add_label(page, block);
    return error ? error
                 : wrap(page->out, FAN_LOOK_CODE, is_output ? "" : "    ", block, page->how->width);
}

static int add_answer(const struct page *page, const struct fan_block *block)
{
    char mark[24];
    bool is_chosen = chosen_of(page) == block->number;
    bool is_right = block->task == FAN_TASK_CHECKED;
    enum fan_look look = FAN_LOOK_ANSWER;
    if (is_chosen)
        look = is_right ? FAN_LOOK_RIGHT : FAN_LOOK_WRONG;
    snprintf(mark, sizeof mark, "%c %d  ", !is_chosen ? ' ' : is_right ? '=' : 'x', block->number);
    return fan_layout_add(page->out, look, mark, block, page->how->width);
}

static int add_item(const struct page *page, const struct fan_block *block)
{
    char mark[40];
    int indent = 2 * (block->depth - 1);
    if (block->number)
        snprintf(mark, sizeof mark, "%*s%d. ", indent, "", block->number);
    else
        snprintf(mark, sizeof mark, "%*s- ", indent, "");
    return fan_layout_add(page->out, FAN_LOOK_TEXT, mark, block, page->how->width);
}

static int add_paragraph(const struct page *page, const struct fan_block *block)
{
    char mark[40];
    bool reply = page->question >= 0;
    snprintf(mark, sizeof mark, "%*s", reply ? 5 : 2 * block->depth, "");
    return fan_layout_add(page->out, reply ? FAN_LOOK_REPLY : FAN_LOOK_TEXT, mark, block,
                          page->how->width);
}

static int add_block(const struct page *page, const struct fan_block *block)
{
    if (needs_blank(page, block) && add_blank(page->out))
        return ENOMEM;
    switch (block->kind) {
    case FAN_BLOCK_HEADING:
        return wrap(page->out, FAN_LOOK_HEADING, "", block, page->how->width);
    case FAN_BLOCK_CODE:
        return add_code(page, block);
    case FAN_BLOCK_ITEM:
        return block->task == FAN_TASK_NONE ? add_item(page, block) : add_answer(page, block);
    default:
        return add_paragraph(page, block);
    }
}

static int add_hints(const struct page *page)
{
    int error = 0;
    for (int i = 0; i < page->how->hints && i < page->stage->hint_count && !error; i++) {
        char mark[24];
        snprintf(mark, sizeof mark, "hint %d  ", i + 1);
        error = i == 0 ? add_blank(page->out) : 0;
        if (!error)
            error = fan_layout_add(page->out, FAN_LOOK_HINT, mark, page->stage->hints[i],
                                   page->how->width);
    }
    return error;
}

int fan_layout_stage(const struct fan_lesson *lesson, int stage, const struct fan_reading *how,
                     struct fan_layout *layout)
{
    struct fan_layout lines = {0};
    const struct fan_stage *in = &lesson->stages[stage];
    struct page page = {.lesson = lesson, .stage = in, .how = how, .out = &lines};
    int error = 0;
    for (size_t i = in->first; i < in->first + in->count && !error; i++) {
        const struct fan_block *block = &lesson->text.blocks[i];
        page.question = fan_lesson_question_of(lesson, stage, i);
        if (block->task != FAN_TASK_NONE)
            page.answer = block->number;
        if (!is_shown(&page, block))
            continue;
        error = add_block(&page, block);
        page.above = block;
    }
    if (!error)
        error = add_hints(&page);
    if (error)
        fan_layout_free(&lines);
    else
        *layout = lines;
    return error;
}
