#define _GNU_SOURCE
#include "app/lesson/fill.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/lesson/figure.h"
#include "base/number.h"

enum { LONGEST_COMMAND = 78 };

/* What a `run` block keeps of a command's output. */
struct excerpt {
    char from[60];  /* begins with the first line that holds this; "" for the first */
    char until[60]; /* ends with the first line that holds this; "" for no such end */
    uint64_t lines; /* of them, at most; with an end, the last ones before it */
};

/* ---- run blocks ---- */

/* An underscore stands for a space. */
static void take_words(char *words, size_t size, const char *given)
{
    snprintf(words, size, "%s", given);
    for (char *c = words; *c; c++)
        *c = *c == '_' ? ' ' : *c;
}

static struct excerpt excerpt_asked(const char *info)
{
    struct excerpt asked = {.lines = UINT64_MAX};
    char words[160];
    snprintf(words, sizeof words, "%s", info);
    for (char *rest = words, *word; (word = strsep(&rest, " "));) {
        if (strncmp(word, "from=", 5) == 0)
            take_words(asked.from, sizeof asked.from, word + 5);
        else if (strncmp(word, "until=", 6) == 0)
            take_words(asked.until, sizeof asked.until, word + 6);
        else
            fan_number_parse(word, 1, UINT64_MAX, &asked.lines);
    }
    return asked;
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return end ? end + 1 : line + strlen(line);
}

static bool line_holds(const char *line, const char *word)
{
    const char *found = strstr(line, word);
    return found && found < next_line(line);
}

static char *find_line(char *text, const char *word)
{
    while (*text && !line_holds(text, word))
        text = (char *)next_line(text);
    return *text ? text : NULL;
}

static char *skip_lines(char *text, uint64_t lines)
{
    for (uint64_t i = 0; i < lines && *text; i++)
        text = (char *)next_line(text);
    return text;
}

static uint64_t count_lines(const char *text, const char *end)
{
    uint64_t lines = 0;
    for (; text < end; text++)
        lines += *text == '\n';
    return lines;
}

/* Cuts the excerpt out of the output; false if its first or its last line is not there. */
static bool cut(char *output, const struct excerpt *asked, const char **shown)
{
    char *start = find_line(output, asked->from), *end = NULL;
    if (start && asked->until[0]) {
        end = find_line(start, asked->until);
        end = end ? (char *)next_line(end) : NULL;
        uint64_t lines = end ? count_lines(start, end) : 0;
        start = skip_lines(start, lines > asked->lines ? lines - asked->lines : 0);
    } else if (start) {
        end = skip_lines(start, asked->lines);
    }
    if (!start || !end)
        return false;
    while (end > start && end[-1] == '\n')
        end--;
    *end = '\0';
    *shown = start;
    return true;
}

/* The line of a long schedule fills many lines and is no pleasure to read. */
static void write_command(FILE *out, const char *command)
{
    if (strlen(command) <= LONGEST_COMMAND)
        fprintf(out, "$ %s\n", command);
    else
        fprintf(out, "$ %.*s...\n", LONGEST_COMMAND - 3, command);
}

static int put_in(struct fan_block *block, const char *command, const char *shown)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return ENOMEM;
    write_command(out, command);
    fputs(shown, out);
    if (fclose(out) != 0)
        return ENOMEM;
    free(block->text);
    block->text = text;
    return 0;
}

/* Runs a command without braces. What it prints takes the place of the block's text, or else why it
 * does not. */
static int show_output(struct fan_block *block, const char *program, const char *command, char *why)
{
    struct excerpt asked = excerpt_asked(block->info);
    char *output = NULL;
    const char *shown = why;
    int error = fan_figure_run(program, command, &output, why);
    if (!error && !cut(output, &asked, &shown)) {
        snprintf(why, FAN_FIGURE_WHY, "no line with '%s': %.100s",
                 asked.until[0] ? asked.until : asked.from, command);
        shown = why;
        error = EINVAL;
    }
    int put = put_in(block, command, shown);
    free(output);
    return error ? error : put;
}

static int fill_run(struct fan_block *block, const char *program, char *why)
{
    char command[400], *completed;
    snprintf(command, sizeof command, "%.*s", (int)strcspn(block->text, "\n"), block->text);
    int error = fan_figure_complete(program, command, &completed, why);
    if (error) {
        put_in(block, command, why);
        return error;
    }
    error = show_output(block, program, completed, why);
    free(completed);
    return error;
}

/* ---- figures in prose ---- */

static int fill_span(struct fan_block *block, size_t span, const char *program, char *why)
{
    char command[400], *value = NULL;
    const struct fan_span *at = &block->spans[span];
    snprintf(command, sizeof command, "%.*s", (int)(at->end - at->start), block->text + at->start);
    if (at->kind != FAN_SPAN_CODE || strncmp(command, "= ", 2) != 0)
        return 0;
    int error = fan_figure_pick(program, command + 2, &value, why);
    int put = fan_markdown_replace(block, span, error ? "(?)" : value);
    block->spans[span].end = block->spans[span].start;
    free(value);
    return error ? error : put;
}

static int fill_block(struct fan_block *block, const char *program, char *why)
{
    int first = 0;
    if (block->kind == FAN_BLOCK_CODE)
        return strncmp(block->info, "run", 3) == 0 ? fill_run(block, program, why) : 0;
    for (size_t i = 0; i < block->span_count; i++) {
        int error = fill_span(block, i, program, why);
        first = first ? first : error;
    }
    return first;
}

int fan_fill_stage(struct fan_lesson *lesson, int stage, const char *program,
                   char why[FAN_LESSON_WHY])
{
    struct fan_stage *in = &lesson->stages[stage];
    int first = 0;
    if (in->figures_in)
        return 0;
    in->figures_in = true;
    for (size_t i = in->first; i < in->first + in->count; i++) {
        char said[FAN_LESSON_WHY];
        int error = fill_block(&lesson->text.blocks[i], program, said);
        if (error && !first) {
            first = error;
            snprintf(why, FAN_LESSON_WHY, "%s", said);
        }
    }
    return first;
}
