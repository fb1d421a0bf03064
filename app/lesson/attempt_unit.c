#include "app/lesson/attempt_unit.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "app/lesson/anchor.h"

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

/* Every NAME_buggy that is called below is the attempt's NAME_fixed. */
static void rename_buggy(const char *below, FILE *out)
{
    static const char end[] = "_buggy";
    size_t length = strlen(end);
    for (const char *at = strstr(below, end); at; at = strstr(at + length, end)) {
        const char *start = at;
        while (start > below && is_part_of_name(start[-1]))
            start--;
        int stem = (int)(at - start);
        if (stem > 0 && !is_part_of_name(at[length]))
            fprintf(out, "#define %.*s_buggy %.*s_fixed\n", stem, start, stem, start);
    }
}

int fan_attempt_unit_write(const struct fan_attempt_unit *unit, FILE *out)
{
    const struct fan_scenario *bug = unit->bug;
    struct fan_anchor buggy, fixed;
    if (!fan_anchor_find(bug->source, "buggy", &buggy) ||
        !fan_anchor_find(bug->source, "fixed", &fixed))
        return ENOENT;
    const char *below = fixed.start + fixed.length;
    fprintf(out, "#undef FAN_SOURCE_FILE\n#define FAN_SOURCE_FILE \"%s\"\n", unit->path);
    fprintf(out, "#line 1 \"%s\"\n%.*s", bug->file, (int)(buggy.start - bug->source), bug->source);
    fprintf(out, "#line 1 \"%s\"\n%s\n", unit->path, unit->text);
    rename_buggy(below, out);
    fprintf(out, "#line %d \"%s\"\n%s", fixed.line + lines_in(fixed.start, fixed.length), bug->file,
            below);
    return ferror(out) ? EIO : 0;
}
