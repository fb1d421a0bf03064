#define _GNU_SOURCE
#include "app/lesson/cite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/lesson/anchor.h"
#include "app/lesson/shelf.h"

enum { TAB = 4 };

struct cited {
    char path[120];
    struct fan_anchor part;
};

static const char *const labels[FAN_VIEW_COUNT] = {
    [FAN_VIEW_C] = "C with libfan", [FAN_VIEW_GO] = "Go", [FAN_VIEW_PTHREADS] = "C with pthreads"};

static int fail(char *why, int error, const char *what, const char *which)
{
    snprintf(why, FAN_CITE_WHY, "%s: %.140s", what, which);
    return error;
}

/* ---- finding ---- */

static int find(const char *anchor, struct cited *cited, char *why)
{
    const char *name = strchrnul(anchor, '#');
    snprintf(cited->path, sizeof cited->path, "%.*s", (int)(name - anchor), anchor);
    const char *text = fan_shelf_text(cited->path);
    if (!text)
        return fail(why, ENOENT, "no such file to cite", anchor);
    if (!fan_anchor_find(text, *name ? name + 1 : name, &cited->part))
        return fail(why, ENOENT, "no such part to cite", anchor);
    return 0;
}

static bool ends_with(const char *path, const char *end)
{
    size_t length = strlen(path), wanted = strlen(end);
    return length >= wanted && strcmp(path + length - wanted, end) == 0;
}

static enum fan_view view_of(const char *path)
{
    if (ends_with(path, ".go") || ends_with(path, ".go.txt"))
        return FAN_VIEW_GO;
    if (ends_with(path, "_pthread.c") || ends_with(path, ".gdb.txt") ||
        ends_with(path, ".tsan.txt"))
        return FAN_VIEW_PTHREADS;
    return FAN_VIEW_C;
}

/* ---- blocks ---- */

/* The next line of a cite block, in a buffer of its own; NULL behind the last. */
static const char *take_line(const char *lines, char line[FAN_CITE_WHY])
{
    size_t length = strcspn(lines, "\n");
    if (length == 0)
        return NULL;
    snprintf(line, FAN_CITE_WHY, "%.*s", (int)length, lines);
    lines += length;
    return lines + (*lines == '\n');
}

static bool has_other_languages(const char *lines)
{
    char line[FAN_CITE_WHY];
    while ((lines = take_line(lines, line))) {
        line[strcspn(line, "#")] = '\0';
        if (view_of(line) != FAN_VIEW_C)
            return true;
    }
    return false;
}

/* The code with its tabs as spaces; NULL for no memory. */
static char *without_tabs(const struct fan_anchor *part)
{
    char *code, *out;
    size_t tabs = 0, column = 0;
    for (size_t i = 0; i < part->length; i++)
        tabs += part->start[i] == '\t';
    out = code = malloc(part->length + tabs * TAB + 1);
    for (size_t i = 0; code && i < part->length; i++) {
        size_t spaces = part->start[i] == '\t' ? TAB - column % TAB : 0;
        memset(out, ' ', spaces);
        out += spaces;
        if (!spaces)
            *out++ = part->start[i];
        column = part->start[i] == '\n' ? 0 : column + (spaces ? spaces : 1);
    }
    if (code)
        *out = '\0';
    return code;
}

static int append_code(struct fan_markdown *out, const struct cited *cited, enum fan_view view)
{
    struct fan_block code = {.kind = FAN_BLOCK_CODE, .view = view};
    code.info = strdup("");
    code.text = without_tabs(&cited->part);
    code.label = view == FAN_VIEW_EVERY ? NULL : strdup(labels[view]);
    bool placed = ends_with(cited->path, ".txt") ||
                  asprintf(&code.place, "%s:%d", cited->path, cited->part.line) >= 0;
    code.place = placed ? code.place : NULL;
    if (code.info && code.text && placed && fan_markdown_append(out, &code) == 0)
        return 0;
    free(code.info);
    free(code.text);
    free(code.label);
    free(code.place);
    return ENOMEM;
}

static int append_cited(struct fan_markdown *out, const char *lines, char *why)
{
    char line[FAN_CITE_WHY];
    bool by_view = has_other_languages(lines);
    while ((lines = take_line(lines, line))) {
        struct cited cited;
        int error = find(line, &cited, why);
        if (!error && append_code(out, &cited, by_view ? view_of(cited.path) : FAN_VIEW_EVERY))
            error = fail(why, ENOMEM, "out of memory", line);
        if (error)
            return error;
    }
    return 0;
}

/* ---- prose ---- */

static bool is_anchor(const char *text)
{
    return strchr(text, '#') &&
           (strncmp(text, "bugs/", 5) == 0 || strncmp(text, "lessons/", 8) == 0);
}

static int resolve_span(struct fan_block *block, size_t span, char *why)
{
    char anchor[FAN_CITE_WHY], place[160];
    const struct fan_span *at = &block->spans[span];
    struct cited cited;
    snprintf(anchor, sizeof anchor, "%.*s", (int)(at->end - at->start), block->text + at->start);
    if (at->kind != FAN_SPAN_CODE || !is_anchor(anchor))
        return 0;
    int error = find(anchor, &cited, why);
    if (error)
        return error;
    snprintf(place, sizeof place, "%s:%d", cited.path, cited.part.line);
    error = fan_markdown_replace(block, span, place);
    return error ? fail(why, error, "out of memory", anchor) : 0;
}

static int resolve_prose(struct fan_block *block, char *why)
{
    int error = 0;
    for (size_t i = 0; i < block->span_count && !error; i++)
        error = resolve_span(block, i, why);
    return error;
}

/* ---- all ---- */

/* A block moves to the new list whole; the old one must not free it twice. */
static int move(struct fan_markdown *out, struct fan_block *block, char *why)
{
    int error = fan_markdown_append(out, block);
    if (error)
        return fail(why, error, "out of memory", block->text);
    *block = (struct fan_block){0};
    return 0;
}

int fan_cite_resolve(struct fan_markdown *text, char why[FAN_CITE_WHY])
{
    struct fan_markdown out = {0};
    int error = 0;
    for (size_t i = 0; i < text->count && !error; i++) {
        struct fan_block *block = &text->blocks[i];
        if (block->kind == FAN_BLOCK_CODE && strcmp(block->info, "cite") == 0) {
            error = append_cited(&out, block->text, why);
            continue;
        }
        error = resolve_prose(block, why);
        if (!error)
            error = move(&out, block, why);
    }
    fan_markdown_free(text);
    *text = out;
    return error;
}
