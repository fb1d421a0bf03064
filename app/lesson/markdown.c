#define _GNU_SOURCE
#include "app/lesson/markdown.h"

#include <errno.h>
#include <md4c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LISTS = 4 /* the deepest nesting */, SPANS = 64 /* the most of one block */ };

/* The parser calls back with what begins and ends; the block in hand grows until it ends. */
struct parse {
    struct fan_markdown *out;
    char *why;
    int error;
    bool is_open; /* a block is in hand */
    struct fan_block block;
    FILE *text; /* where its text goes */
    size_t length, room;
    struct fan_span spans[SPANS];
    int depth;
    int next_number[LISTS]; /* of the items of each open list; 0: bullets */
    bool begins_item;       /* the next text is an item's first */
    struct fan_block item;
};

static int fail(struct parse *parse, int error, const char *what)
{
    if (!parse->error)
        snprintf(parse->why, FAN_MARKDOWN_WHY, "%s", what);
    parse->error = parse->error ? parse->error : error;
    return -1;
}

static int no_memory(struct parse *parse)
{
    return fail(parse, ENOMEM, "out of memory");
}

int fan_markdown_append(struct fan_markdown *markdown, const struct fan_block *block)
{
    struct fan_block *grown =
        realloc(markdown->blocks, (markdown->count + 1) * sizeof markdown->blocks[0]);
    if (!grown)
        return ENOMEM;
    markdown->blocks = grown;
    grown[markdown->count++] = *block;
    return 0;
}

static void free_block(struct fan_block *block)
{
    free(block->info);
    free(block->text);
    free(block->spans);
    free(block->label);
    free(block->place);
}

void fan_markdown_free(struct fan_markdown *markdown)
{
    for (size_t i = 0; i < markdown->count; i++)
        free_block(&markdown->blocks[i]);
    free(markdown->blocks);
    *markdown = (struct fan_markdown){0};
}

/* ---- one block ---- */

static int open_block(struct parse *parse, struct fan_block block)
{
    parse->length = 0;
    parse->block = block;
    parse->text = open_memstream(&parse->block.text, &parse->room);
    if (!parse->text)
        return no_memory(parse);
    parse->is_open = true;
    return 0;
}

static int keep_spans(struct parse *parse)
{
    size_t size = parse->block.span_count * sizeof parse->spans[0];
    if (size == 0)
        return 0;
    parse->block.spans = malloc(size);
    if (!parse->block.spans)
        return no_memory(parse);
    memcpy(parse->block.spans, parse->spans, size);
    return 0;
}

static int close_block(struct parse *parse)
{
    if (!parse->is_open)
        return 0;
    parse->is_open = false;
    bool written = fclose(parse->text) == 0;
    int failed = written ? keep_spans(parse) : no_memory(parse);
    if (!failed && fan_markdown_append(parse->out, &parse->block))
        failed = no_memory(parse);
    if (failed)
        free_block(&parse->block);
    return failed;
}

/* The first text of an item belongs to the item; further paragraphs stand below it. */
static int open_text_block(struct parse *parse)
{
    struct fan_block block = {.kind = FAN_BLOCK_PARAGRAPH, .depth = parse->depth};
    if (parse->begins_item)
        block = parse->item;
    parse->begins_item = false;
    return open_block(parse, block);
}

static int open_code(struct parse *parse, const MD_BLOCK_CODE_DETAIL *code)
{
    char *info = strndup(code->info.size ? code->info.text : "", code->info.size);
    if (!info)
        return no_memory(parse);
    struct fan_block block = {.kind = FAN_BLOCK_CODE, .depth = parse->depth, .info = info};
    int failed = open_block(parse, block);
    if (failed)
        free(info);
    return failed;
}

/* ---- lists ---- */

static int open_list(struct parse *parse, int first_number)
{
    if (close_block(parse))
        return -1;
    if (parse->depth == LISTS)
        return fail(parse, EINVAL, "lists are nested too deep");
    parse->next_number[parse->depth++] = first_number;
    return 0;
}

static void begin_item(struct parse *parse, const MD_BLOCK_LI_DETAIL *item)
{
    int *number = &parse->next_number[parse->depth - 1];
    enum fan_task task = FAN_TASK_NONE;
    if (item->is_task)
        task = item->task_mark == ' ' ? FAN_TASK_EMPTY : FAN_TASK_CHECKED;
    parse->item = (struct fan_block){
        .kind = FAN_BLOCK_ITEM, .depth = parse->depth, .number = *number, .task = task};
    parse->begins_item = true;
    *number += *number > 0;
}

/* ---- the callbacks ---- */

static int enter_block(MD_BLOCKTYPE type, void *detail, void *argument)
{
    struct parse *parse = argument;
    switch (type) {
    case MD_BLOCK_DOC:
        return 0;
    case MD_BLOCK_UL:
        return open_list(parse, 0);
    case MD_BLOCK_OL:
        return open_list(parse, (int)((MD_BLOCK_OL_DETAIL *)detail)->start);
    case MD_BLOCK_LI:
        begin_item(parse, detail);
        return 0;
    case MD_BLOCK_H:
        return open_block(parse,
                          (struct fan_block){.kind = FAN_BLOCK_HEADING,
                                             .level = (int)((MD_BLOCK_H_DETAIL *)detail)->level});
    case MD_BLOCK_P:
        return open_text_block(parse);
    case MD_BLOCK_CODE:
        return open_code(parse, detail);
    default:
        return fail(parse, EINVAL, "a table, quote, rule or raw HTML has no place in a lesson");
    }
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *argument)
{
    struct parse *parse = argument;
    (void)detail;
    if (type == MD_BLOCK_UL || type == MD_BLOCK_OL)
        parse->depth--;
    return close_block(parse);
}

static int enter_span(MD_SPANTYPE type, void *detail, void *argument)
{
    static const enum fan_span_kind kinds[] = {[MD_SPAN_CODE] = FAN_SPAN_CODE,
                                               [MD_SPAN_EM] = FAN_SPAN_EMPHASIS,
                                               [MD_SPAN_STRONG] = FAN_SPAN_STRONG};
    struct parse *parse = argument;
    (void)detail;
    if (type != MD_SPAN_CODE && type != MD_SPAN_EM && type != MD_SPAN_STRONG)
        return fail(parse, EINVAL, "a link or an image has no place in a lesson");
    if (!parse->is_open && open_text_block(parse))
        return -1;
    if (parse->block.span_count == SPANS)
        return fail(parse, EINVAL, "too much emphasis in one paragraph");
    parse->spans[parse->block.span_count++] =
        (struct fan_span){.kind = kinds[type], .start = parse->length, .end = 0};
    return 0;
}

/* Ends the innermost span that is still open. */
static int leave_span(MD_SPANTYPE type, void *detail, void *argument)
{
    struct parse *parse = argument;
    (void)type;
    (void)detail;
    for (size_t i = parse->block.span_count; i-- > 0;) {
        if (parse->spans[i].end == 0) {
            parse->spans[i].end = parse->length;
            return 0;
        }
    }
    return 0;
}

static int write_text(struct parse *parse, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] >= 0x80 || text[i] == '\t')
            return fail(parse, EINVAL, "a tab or a character beyond ASCII");
    if (!parse->is_open && open_text_block(parse))
        return -1;
    if (fwrite(text, 1, size, parse->text) != size)
        return no_memory(parse);
    parse->length += size;
    return 0;
}

static int take_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *argument)
{
    switch (type) {
    case MD_TEXT_NORMAL:
    case MD_TEXT_CODE:
        return write_text(argument, text, size);
    case MD_TEXT_SOFTBR:
    case MD_TEXT_BR:
        return write_text(argument, " ", 1);
    default:
        return fail(argument, EINVAL, "an HTML entity has no place in a lesson");
    }
}

int fan_markdown_parse(const char *text, struct fan_markdown *markdown, char why[FAN_MARKDOWN_WHY])
{
    const MD_PARSER parser = {
        .flags = MD_FLAG_TASKLISTS | MD_FLAG_NOINDENTEDCODEBLOCKS,
        .enter_block = enter_block,
        .leave_block = leave_block,
        .enter_span = enter_span,
        .leave_span = leave_span,
        .text = take_text,
    };
    struct fan_markdown found = {0};
    struct parse parse = {.out = &found, .why = why};
    if (md_parse(text, (MD_SIZE)strlen(text), &parser, &parse) && !parse.error)
        no_memory(&parse);
    if (parse.is_open) {
        fclose(parse.text);
        free_block(&parse.block);
    }
    if (parse.error)
        fan_markdown_free(&found);
    else
        *markdown = found;
    return parse.error;
}

int fan_markdown_replace(struct fan_block *block, size_t span, const char *text)
{
    struct fan_span *old = &block->spans[span];
    char *whole;
    if (asprintf(&whole, "%.*s%s%s", (int)old->start, block->text, text, block->text + old->end) <
        0)
        return ENOMEM;
    size_t was = old->end, now = old->start + strlen(text);
    for (size_t i = 0; i < block->span_count; i++) {
        struct fan_span *other = &block->spans[i];
        other->start = other->start >= was ? other->start - was + now : other->start;
        other->end = other->end >= was ? other->end - was + now : other->end;
    }
    free(block->text);
    block->text = whole;
    return 0;
}
