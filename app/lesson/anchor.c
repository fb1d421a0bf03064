#include "app/lesson/anchor.h"

#include <ctype.h>
#include <string.h>

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return end ? end + 1 : line + strlen(line);
}

static bool begins_with(const char *line, const char *words)
{
    return strncmp(line, words, strlen(words)) == 0;
}

static bool is_part_of_name(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* ---- marked parts ---- */

static const char *mark_of(const char *line)
{
    if (begins_with(line, "/* ---- ") || begins_with(line, "// ---- "))
        return line + strlen("// ---- ");
    return NULL;
}

static const char *end_of_mark(const char *below)
{
    while (*below && !mark_of(below))
        below = next_line(below);
    return below;
}

static bool is_marked(const char *line, const char *name)
{
    const char *mark = mark_of(line);
    size_t length = strlen(name);
    return mark && strncmp(mark, name, length) == 0 && !is_part_of_name(mark[length]);
}

/* ---- functions and structs ---- */

/* Where `name` stands in the line as a word of its own. */
static const char *word_in(const char *line, size_t length, const char *name)
{
    size_t wanted = strlen(name);
    for (size_t i = 0; i + wanted <= length; i++) {
        bool whole =
            (i == 0 || !is_part_of_name(line[i - 1])) && !is_part_of_name(line[i + wanted]);
        if (whole && strncmp(line + i, name, wanted) == 0)
            return line + i;
    }
    return NULL;
}

static bool is_struct(const char *line, const char *name, const char *word)
{
    const char *behind = word + strlen(name);
    return (begins_with(line, "struct ") && begins_with(behind, " {")) ||
           (begins_with(line, "type ") && begins_with(behind, " struct {"));
}

/* A definition has its brace before any semicolon. */
static bool is_function(const char *line, const char *name, const char *word)
{
    if (word[strlen(name)] != '(' || !isalpha((unsigned char)*line))
        return false;
    return line[strcspn(line, "{;")] == '{';
}

static bool defines(const char *line, const char *name)
{
    const char *word = word_in(line, strcspn(line, "\n"), name);
    return word && (is_struct(line, name, word) || is_function(line, name, word));
}

static const char *end_of_definition(const char *line)
{
    while (*line && *line != '}')
        line = next_line(line);
    return next_line(line);
}

/* ---- both ---- */

static bool take(const char *text, const char *start, const char *end, struct fan_anchor *part)
{
    while (*start == '\n')
        start++;
    while (end > start && isspace((unsigned char)end[-1]))
        end--;
    *part = (struct fan_anchor){.start = start, .length = (size_t)(end - start), .line = 1};
    for (const char *at = text; at < start; at++)
        part->line += *at == '\n';
    return end > start;
}

bool fan_anchor_find(const char *text, const char *name, struct fan_anchor *part)
{
    if (*name == '\0')
        return take(text, text, text + strlen(text), part);
    for (const char *line = text; *line; line = next_line(line))
        if (is_marked(line, name))
            return take(text, next_line(line), end_of_mark(next_line(line)), part);
    for (const char *line = text; *line; line = next_line(line))
        if (defines(line, name))
            return take(text, line, end_of_definition(line), part);
    return false;
}
