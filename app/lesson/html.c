#include "app/lesson/html.h"

#include <inttypes.h>
#include <string.h>

static const char style[] =
    "<style>"
    "body{max-width:46rem;margin:2rem auto;padding:0 1rem;font:16px/1.5 sans-serif;"
    "color:#222;background:#fff}"
    "pre{overflow-x:auto;padding:.6rem .8rem;background:#f2f4f7;font:13px/1.4 monospace}"
    "code{font-family:monospace;background:#f2f4f7}pre code{background:none}"
    "h2{margin-top:2.2rem;border-bottom:1px solid #bbb}.label{margin:.8rem 0 -.8rem;color:#555}"
    "details{margin:.3rem 0}table{border-collapse:collapse}td{padding:.2rem .8rem .2rem 0}"
    "@media print{body{max-width:none}pre{white-space:pre-wrap}}"
    "</style>";

/* ---- text ---- */

static void write_escaped(FILE *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        switch (text[i]) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        default:
            fputc(text[i], out);
        }
    }
}

static void write_plain(FILE *out, const char *text)
{
    write_escaped(out, text, strlen(text));
}

/* Spans nest properly: one that begins later ends earlier. */
static void write_prose(FILE *out, const struct fan_block *block)
{
    static const char *const tags[] = {
        [FAN_SPAN_CODE] = "code", [FAN_SPAN_EMPHASIS] = "em", [FAN_SPAN_STRONG] = "strong"};
    size_t length = strlen(block->text);
    for (size_t at = 0; at <= length; at++) {
        for (size_t i = block->span_count; i-- > 0;)
            if (block->spans[i].end == at && block->spans[i].start < at)
                fprintf(out, "</%s>", tags[block->spans[i].kind]);
        for (size_t i = 0; i < block->span_count; i++)
            if (block->spans[i].start == at && block->spans[i].end > at)
                fprintf(out, "<%s>", tags[block->spans[i].kind]);
        if (at < length)
            write_escaped(out, block->text + at, 1);
    }
}

static void write_head(FILE *out, const char *title)
{
    fprintf(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    write_plain(out, title);
    fprintf(out, "</title>\n%s</head><body>\n", style);
}

/* ---- blocks ---- */

struct writing {
    FILE *out;
    const struct fan_lesson *lesson;
    const struct fan_stage *stage;
    const char *list; /* the tag of the list that is open; NULL: none */
};

static void close_list(struct writing *writing)
{
    if (writing->list)
        fprintf(writing->out, "</%s>\n", writing->list);
    writing->list = NULL;
}

static void open_list(struct writing *writing, const struct fan_block *item)
{
    const char *tag = item->number > 0 ? "ol" : "ul";
    if (!writing->list || item->number == 1) {
        close_list(writing);
        fprintf(writing->out, "<%s>\n", tag);
        writing->list = tag;
    }
}

static void write_lab(const struct writing *writing)
{
    const struct fan_lesson_lab *lab = &writing->stage->lab;
    fprintf(writing->out,
            "<pre>fanlab run %s --workers %" PRIu64 " --items %" PRIu64 " --seed %" PRIu64
            "</pre>\n",
            writing->lesson->id, lab->workers, lab->items, lab->seed);
}

static void write_code(const struct writing *writing, const struct fan_block *block)
{
    if (strcmp(block->info, "lab") == 0) {
        write_lab(writing);
        return;
    }
    if (block->label) {
        fputs("<p class=\"label\">", writing->out);
        write_plain(writing->out, block->label);
        fputs("</p>\n", writing->out);
    }
    fputs("<pre><code>", writing->out);
    write_plain(writing->out, block->text);
    fputs("</code></pre>\n", writing->out);
}

static void write_block(struct writing *writing, const struct fan_block *block, bool is_reply)
{
    if (block->kind == FAN_BLOCK_ITEM)
        open_list(writing, block);
    else if (!is_reply)
        close_list(writing);
    const char *tag = block->kind == FAN_BLOCK_ITEM      ? "li"
                      : block->kind == FAN_BLOCK_HEADING ? "h3"
                                                         : "p";
    if (block->kind == FAN_BLOCK_CODE) {
        write_code(writing, block);
        return;
    }
    fprintf(writing->out, is_reply ? "<details><summary>reply</summary><%s>" : "<%s>", tag);
    write_prose(writing->out, block);
    fprintf(writing->out, is_reply ? "</%s></details>\n" : "</%s>\n", tag);
}

static void write_hints(FILE *out, const struct fan_stage *stage)
{
    for (int i = 0; i < stage->hint_count; i++) {
        fprintf(out, "<details><summary>hint %d</summary><p>", i + 1);
        write_prose(out, stage->hints[i]);
        fputs("</p></details>\n", out);
    }
}

static void write_stage(FILE *out, const struct fan_lesson *lesson, int stage)
{
    const struct fan_stage *in = &lesson->stages[stage];
    struct writing writing = {.out = out, .lesson = lesson, .stage = in};
    fputs("<h2>", out);
    write_plain(out, in->title);
    fputs("</h2>\n", out);
    for (size_t i = in->first; i < in->first + in->count; i++) {
        const struct fan_block *block = &lesson->text.blocks[i];
        bool is_reply =
            block->task == FAN_TASK_NONE && fan_lesson_question_of(lesson, stage, i) >= 0;
        write_block(&writing, block, is_reply);
    }
    close_list(&writing);
    write_hints(out, in);
}

void fan_html_lesson(FILE *out, const struct fan_lesson *lesson)
{
    write_head(out, lesson->shown_as);
    fprintf(out, "<p><a href=\"index.html\">all lessons</a></p>\n<h1>Lesson %s: ", lesson->id);
    write_plain(out, lesson->shown_as);
    fputs("</h1>\n", out);
    for (int i = 0; i < lesson->stage_count; i++)
        write_stage(out, lesson, i);
    fputs("</body></html>\n", out);
}

void fan_html_index(FILE *out, const struct fan_course *course)
{
    write_head(out, "fanlab: lessons");
    fputs("<h1>Fan-out and fan-in: the lessons</h1>\n<table>\n", out);
    for (int i = 0; i < course->count; i++) {
        const struct fan_lesson *lesson = &course->lessons[i];
        fprintf(out, "<tr><td>%s</td><td>%s</td><td><a href=\"%s.html\">", lesson->id, lesson->part,
                lesson->id);
        write_plain(out, lesson->shown_as);
        fprintf(out, "</a></td><td><a href=\"%s.txt\">text</a></td></tr>\n", lesson->id);
    }
    fputs("</table></body></html>\n", out);
}
