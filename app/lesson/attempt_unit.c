#include "app/lesson/attempt_unit.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "app/lesson/anchor.h"

static const char suffix[] = "_buggy";

static int lines_in(const char *text, size_t length)
{
    int lines = 0;
    for (size_t i = 0; i < length; i++)
        lines += text[i] == '\n';
    return lines;
}

static bool is_part_of_name(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* A path as a string of C. */
static void write_string(const char *path, FILE *out)
{
    fputc('"', out);
    for (; *path; path++)
        if (*path == '"' || *path == '\\' || iscntrl((unsigned char)*path))
            fprintf(out, "\\%03o", (unsigned char)*path);
        else
            fputc(*path, out);
    fputc('"', out);
}

static void write_place(int line, const char *path, FILE *out)
{
    fprintf(out, "#line %d ", line);
    write_string(path, out);
    fputc('\n', out);
}

/* ---- the functions under study ---- */

/* Each NAME_buggy that is called below the parts; one that is called twice comes twice. */
void fan_attempt_unit_functions(const struct fan_scenario *bug,
                                void (*take)(void *context, const char *stem, int length),
                                void *context)
{
    struct fan_anchor fixed;
    size_t length = strlen(suffix);
    if (!fan_anchor_find(bug->source, "fixed", &fixed))
        return;
    const char *below = fixed.start + fixed.length;
    for (const char *at = strstr(below, suffix); at; at = strstr(at + length, suffix)) {
        const char *start = at;
        while (start > below && is_part_of_name(start[-1]))
            start--;
        if (at > start && !is_part_of_name(at[length]))
            take(context, start, (int)(at - start));
    }
}

struct writing {
    const struct fan_attempt_unit *unit;
    FILE *out;
};

/* Every NAME_buggy that is called is the attempt's NAME_fixed, which is defined later. */
static void announce(void *context, const char *stem, int length)
{
    const struct writing *writing = context;
    char name[64];
    struct fan_anchor function;
    snprintf(name, sizeof name, "%.*s_fixed", length, stem);
    fprintf(writing->out, "#define %.*s_buggy %s\n", length, stem, name);
    if (fan_anchor_find(writing->unit->bug->source, name, &function))
        fprintf(writing->out, "%.*s;\n", (int)strcspn(function.start, "{"), function.start);
}

static void forget(void *context, const char *stem, int length)
{
    fprintf(((const struct writing *)context)->out, "#undef %.*s_buggy\n", length, stem);
}

/* ---- the unit ---- */

/* The child that is made of a C file finds its scenarios in a section. */
static void list_it(const struct fan_scenario *bug, FILE *out)
{
    fprintf(out,
            "static struct fan_scenario fan_attempt;\n"
            "__attribute__((constructor)) static void fan_list_attempt(void)\n"
            "{\n"
            "    fan_attempt = fan_bug_%s;\n"
            "    fan_attempt.variant_count = 1;\n"
            "    fan_attempt.variants[0] = (struct fan_variant){.name = \"%s\", .run = fixed};\n"
            "}\n"
            "static const struct fan_scenario *const fan_listed_attempt\n"
            "    __attribute__((used, section(\"fan_scenarios\"))) = &fan_attempt;\n",
            bug->id, FAN_ATTEMPT_VARIANT);
}

int fan_attempt_unit_write(const struct fan_attempt_unit *unit, FILE *out)
{
    const struct fan_scenario *bug = unit->bug;
    struct writing writing = {unit, out};
    struct fan_anchor buggy, fixed;
    if (!fan_anchor_find(bug->source, "buggy", &buggy) ||
        !fan_anchor_find(bug->source, "fixed", &fixed))
        return ENOENT;
    const char *below = fixed.start + fixed.length;
    fprintf(out, "#undef FAN_SOURCE_FILE\n#define FAN_SOURCE_FILE \"an attempt\"\n");
    write_place(1, bug->file, out);
    fprintf(out, "%.*s\n", (int)(buggy.start - bug->source), bug->source);
    fprintf(out, "#undef FAN_EMBED_SOURCE\n"
                 "#define FAN_EMBED_SOURCE(symbol) static const char symbol[] = \"\"\n");
    fan_attempt_unit_functions(bug, announce, &writing);
    write_place(fixed.line + lines_in(fixed.start, fixed.length), bug->file, out);
    fprintf(out, "%s\n", below);
    fan_attempt_unit_functions(bug, forget, &writing);
    if (unit->listed)
        list_it(bug, out);
    write_place(1, unit->path, out);
    fprintf(out, "%s\n", unit->text);
    return ferror(out) ? EIO : 0;
}
