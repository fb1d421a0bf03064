#include "app/lesson/practice_file.h"

#include <ctype.h>
#include <string.h>

#include "app/lesson/anchor.h"
#include "app/lesson/attempt_unit.h"
#include "app/lesson/requirement.h"
#include "bugs/table.h"

static const char marker[] = "fanlab-practice/";
static const char form[] = "1";

/* In so many bytes of a file the marker is looked for. */
enum { FIRST_LINES = 400 };

void fan_practice_file_name(const struct fan_scenario *bug, bool solution,
                            char name[FAN_PRACTICE_NAME])
{
    snprintf(name, FAN_PRACTICE_NAME, "%s_%.4s.c", solution ? "solution" : "practice", bug->id);
}

/* ---- writing ---- */

static void write_goal(const struct fan_scenario *bug, FILE *out)
{
    const char *words[FAN_FINDING_KINDS];
    size_t count = fan_requirements_of(&bug->contract, words);
    fprintf(out, " * Goal      In every order of steps\n");
    for (size_t i = 0; i < count; i++)
        fprintf(out, " *             - %s%s\n", words[i], i + 1 < count ? "," : ".");
}

struct listing {
    FILE *out;
    const char *told; /* the one before: one that is called twice is told once */
    int length;
};

static void list_function(void *context, const char *stem, int length)
{
    struct listing *listing = context;
    bool again = listing->told && listing->length == length &&
                 strncmp(listing->told, stem, (size_t)length) == 0;
    if (!again)
        fprintf(listing->out, "%s%.*s_fixed", listing->told ? ", " : "", length, stem);
    listing->told = stem;
    listing->length = length;
}

static void write_head(const struct fan_scenario *bug, bool solution, FILE *out)
{
    char name[FAN_PRACTICE_NAME];
    struct listing listing = {.out = out};
    fan_practice_file_name(bug, solution, name);
    fprintf(out,
            "/* %s%s %s\n *\n * The line above says what judges this file: keep it.\n *\n"
            " * Symptom   %s\n",
            marker, form, bug->id, bug->symptom);
    write_goal(bug, out);
    fprintf(out, " * Yours     ");
    fan_attempt_unit_functions(bug, list_function, &listing);
    fprintf(out,
            ": %s. Add what you need.\n"
            " * Ours      All that is shown in lines with //: it is there already, and what you\n"
            " *           change in it has no effect.\n"
            " * Judge it  fanlab check %s\n"
            " *           fanlab practice %s --watch    (at each save)\n"
            " */\n\n",
            solution ? "repaired" : "repair it, name and parameters stay", name, bug->id);
}

/* What is there already, to be read. */
static void write_as_comment(const char *start, const char *end, FILE *out)
{
    while (start < end && isspace((unsigned char)*start))
        start++;
    while (end > start && isspace((unsigned char)end[-1]))
        end--;
    while (start < end) {
        size_t length = strcspn(start, "\n");
        if (start + length > end)
            length = (size_t)(end - start);
        fprintf(out, "//%s%.*s\n", length ? " " : "", (int)length, start);
        start += length + (start + length < end);
    }
}

/* The code of the buggy half, under the names that a repair has. */
static void write_renamed(const struct fan_anchor *part, FILE *out)
{
    const char *at = part->start, *end = part->start + part->length;
    for (const char *name; (name = strstr(at, "_buggy")) && name < end; at = name + 6)
        fprintf(out, "%.*s_fixed", (int)(name - at), at);
    fprintf(out, "%.*s\n", (int)(end - at), at);
}

/* The mark of a part stands in the line above it. */
static const char *mark_above(const struct fan_scenario *bug, const char *part)
{
    const char *line = part;
    while (line > bug->source && strncmp(line, "/* ----", 7) != 0)
        line--;
    return line;
}

void fan_practice_file_write(const struct fan_scenario *bug, bool solution, FILE *out)
{
    struct fan_anchor buggy, fixed, around;
    const char *above = strstr(bug->source, "#include");
    if (!above || !fan_anchor_find(bug->source, "buggy", &buggy) ||
        !fan_anchor_find(bug->source, "fixed", &fixed))
        return;
    write_head(bug, solution, out);
    write_as_comment(above, mark_above(bug, buggy.start), out);
    fputc('\n', out);
    write_renamed(solution ? &fixed : &buggy, out);
    if (!fan_anchor_find(bug->source, "scenario", &around))
        return;
    const char *variants = strstr(around.start, "static void buggy(");
    fprintf(out, "\n// What calls it:\n//\n");
    write_as_comment(around.start, variants ? variants : around.start + around.length, out);
}

/* ---- recognising ---- */

static const struct fan_scenario *bug_called(const char *id)
{
    char word[8] = "";
    size_t length = strcspn(id, " \t\r\n*");
    if (length >= sizeof word)
        return NULL;
    memcpy(word, id, length);
    return fan_bugs_find(word);
}

bool fan_practice_file_is_one(const char *text, const struct fan_scenario **bug,
                              char why[FAN_PRACTICE_WHY])
{
    const char *found = strstr(text, marker);
    if (!found || found - text > FIRST_LINES)
        return false;
    const char *of = found + strlen(marker);
    *bug = NULL;
    if (strncmp(of, form, strlen(form)) != 0 || of[strlen(form)] != ' ')
        snprintf(why, FAN_PRACTICE_WHY, "it is a practice file of another form than %s%s", marker,
                 form);
    else if (!(*bug = bug_called(of + strlen(form) + 1)))
        snprintf(why, FAN_PRACTICE_WHY,
                 "it is a practice file for no bug that there is: after %s%s comes its number",
                 marker, form);
    return true;
}
