#define _GNU_SOURCE
#include "app/userfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/compile.h"
#include "app/tool.h"
#include "base/number.h"

enum { LIST_SIZE = 64 * 1024 };

bool fan_userfile_is_one(const char *word)
{
    size_t length = strlen(word);
    return length > 2 && strcmp(word + length - 2, ".c") == 0;
}

struct opening {
    const char *path;
    const struct fan_interrupt *interrupt;
    struct fan_userfile *file;
    int *signal;
    char *why;
};

/* ---- compiling ---- */

static enum fan_userfile_error explain(const struct opening *opening,
                                       const struct fan_compile *compile, enum fan_compile_end end)
{
    switch (end) {
    case FAN_COMPILE_REFUSED:
        snprintf(opening->why, FAN_USERFILE_WHY, "%.150s does not compile", opening->path);
        return FAN_USERFILE_UNUSABLE;
    case FAN_COMPILE_LACKING:
        snprintf(opening->why, FAN_USERFILE_WHY, "%s", compile->why);
        return FAN_USERFILE_LACKING;
    case FAN_COMPILE_STOPPED:
        *opening->signal = compile->signal;
        return FAN_USERFILE_STOPPED;
    case FAN_COMPILE_DONE:
        break;
    }
    return FAN_USERFILE_FINE;
}

static enum fan_userfile_error compile(const struct opening *opening, bool sim, bool quiet,
                                       const char **helper)
{
    struct fan_userfile *file = opening->file;
    struct fan_compile one = {
        .path = opening->path, .sim = sim, .quiet = quiet, .interrupt = opening->interrupt};
    enum fan_compile_end end = fan_compile_make(&one);
    if (end != FAN_COMPILE_DONE)
        return explain(opening, &one, end);
    file->programs[sim] = one.program + 1;
    snprintf(file->paths[sim], sizeof file->paths[sim], "/proc/%d/fd/%d", (int)getpid(),
             one.program);
    *helper = file->paths[sim];
    return FAN_USERFILE_FINE;
}

/* ---- what it declares ---- */

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "r");
    struct stat about;
    char *text = NULL;
    if (file && fstat(fileno(file), &about) == 0) {
        text = calloc(1, (size_t)about.st_size + 1);
        if (text && fread(text, 1, (size_t)about.st_size, file) != (size_t)about.st_size) {
            free(text);
            text = NULL;
        }
    }
    if (file)
        fclose(file);
    return text;
}

static bool take_kinds(char **rest, enum fan_finding_kind kinds[FAN_LAB_EXPECTED], size_t *count)
{
    for (char *word; (word = strtok_r(NULL, " ", rest)) && strcmp(word, "-") != 0;)
        if (*count == FAN_LAB_EXPECTED || !fan_finding_parse(word, &kinds[(*count)++]))
            return false;
    return true;
}

/* "variant NAME EXPECTED... - ALSO... -" */
static bool take_variant(struct fan_userfile *file, char *rest)
{
    if (file->scenario_count == 0)
        return false;
    struct fan_scenario *scenario = &file->scenarios[file->scenario_count - 1];
    if (scenario->variant_count == FAN_LAB_VARIANTS)
        return false;
    struct fan_variant *variant = &scenario->variants[scenario->variant_count++];
    variant->name = strtok_r(NULL, " ", &rest);
    return variant->name && take_kinds(&rest, variant->expected, &variant->expected_count) &&
           take_kinds(&rest, variant->also, &variant->also_count);
}

/* "scenario ID WORKERS ITEMS" */
static bool take_scenario(struct fan_userfile *file, char *rest, const char *path)
{
    char *id = strtok_r(NULL, " ", &rest), *workers = strtok_r(NULL, " ", &rest);
    char *items = strtok_r(NULL, " ", &rest);
    struct fan_scenario *more =
        realloc(file->scenarios, (file->scenario_count + 1) * sizeof *file->scenarios);
    if (!more)
        return false;
    file->scenarios = more;
    struct fan_scenario *one = &more[file->scenario_count++];
    *one = (struct fan_scenario){
        .id = id, .name = id, .title = path, .symptom = "", .file = path, .source = file->source};
    return id && workers && items && fan_number_parse(workers, 0, UINT64_MAX, &one->workers) == 0 &&
           fan_number_parse(items, 0, UINT64_MAX, &one->items) == 0;
}

/* Whatever else the program prints before its main function is none of our business. */
static bool take_line(struct fan_userfile *file, char *line, const char *path)
{
    char *rest, *first = strtok_r(line, " ", &rest);
    if (first && strcmp(first, "scenario") == 0)
        return take_scenario(file, rest, path);
    if (first && strcmp(first, "variant") == 0)
        return take_variant(file, rest);
    return true;
}

/* Compilers list them in orders of their own. */
static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct fan_scenario *)a)->id, ((const struct fan_scenario *)b)->id);
}

static bool take_list(struct fan_userfile *file, const char *path)
{
    bool good = true;
    char *rest, *line = strtok_r(file->list, "\n", &rest);
    while (line && good) {
        good = take_line(file, line, path);
        line = strtok_r(NULL, "\n", &rest);
    }
    if (good && file->scenario_count > 1)
        qsort(file->scenarios, file->scenario_count, sizeof *file->scenarios, by_id);
    return good;
}

/* It is the program that has read the table: what is wrong there it says itself. */
static enum fan_userfile_error list(const struct opening *opening, const char *helper)
{
    int status;
    struct fan_userfile *file = opening->file;
    char *argv[] = {(char *)helper, "--list", NULL};
    struct fan_tool tool = {.argv = argv, .output = file->list, .size = LIST_SIZE};
    enum fan_tool_end end = fan_tool_run(&tool, opening->interrupt, &status);
    if (end == FAN_TOOL_STOPPED) {
        *opening->signal = status;
        return FAN_USERFILE_STOPPED;
    }
    if (end == FAN_TOOL_UNUSABLE) {
        snprintf(opening->why, FAN_USERFILE_WHY, "the compiled program cannot be run: %s",
                 strerror(status));
        return FAN_USERFILE_LACKING;
    }
    if (end == FAN_TOOL_DIED || status != 0 || !take_list(file, opening->path))
        snprintf(opening->why, FAN_USERFILE_WHY, "%.120s: its scenarios cannot be used",
                 opening->path);
    else if (file->scenario_count == 0)
        snprintf(opening->why, FAN_USERFILE_WHY,
                 "%.120s declares no scenario: it needs a FAN_SCENARIO(function);", opening->path);
    else
        return FAN_USERFILE_FINE;
    return FAN_USERFILE_UNUSABLE;
}

/* ---- opening and closing ---- */

static enum fan_userfile_error look_at_file(const struct opening *opening)
{
    struct stat about;
    const char *problem = NULL;
    if (stat(opening->path, &about) != 0 || access(opening->path, R_OK) != 0)
        problem = strerror(errno);
    else if (S_ISDIR(about.st_mode))
        problem = strerror(EISDIR);
    else if (!S_ISREG(about.st_mode))
        problem = "Not a regular file";
    if (!problem)
        return FAN_USERFILE_FINE;
    snprintf(opening->why, FAN_USERFILE_WHY, "%.140s: %s", opening->path, problem);
    return FAN_USERFILE_UNUSABLE;
}

static enum fan_userfile_error read_file(const struct opening *opening)
{
    opening->file->list = malloc(LIST_SIZE);
    opening->file->source = read_text(opening->path);
    if (opening->file->list && opening->file->source)
        return FAN_USERFILE_FINE;
    snprintf(opening->why, FAN_USERFILE_WHY, "%.140s cannot be read", opening->path);
    return FAN_USERFILE_LACKING;
}

static enum fan_userfile_error build(const struct opening *opening, int runtimes)
{
    struct fan_userfile *file = opening->file;
    enum fan_userfile_error error = look_at_file(opening);
    if (!error)
        error = read_file(opening);
    if (!error && (runtimes & FAN_USERFILE_REAL))
        error = compile(opening, false, false, &file->real);
    if (!error && (runtimes & FAN_USERFILE_SIM))
        error = compile(opening, true, runtimes & FAN_USERFILE_REAL, &file->sim);
    return error ? error : list(opening, file->sim ? file->sim : file->real);
}

enum fan_userfile_error fan_userfile_open(const char *path, int runtimes,
                                          const struct fan_interrupt *interrupt,
                                          struct fan_userfile *file, int *signal,
                                          char why[FAN_USERFILE_WHY])
{
    struct opening opening = {path, interrupt, file, signal, why};
    *file = (struct fan_userfile){0};
    enum fan_userfile_error error = build(&opening, runtimes);
    if (error == FAN_USERFILE_STOPPED)
        snprintf(why, FAN_USERFILE_WHY, "interrupted by signal %d", *signal);
    if (error)
        fan_userfile_close(file);
    return error;
}

void fan_userfile_close(struct fan_userfile *file)
{
    for (int i = 0; i < 2; i++)
        if (file->programs[i])
            close(file->programs[i] - 1);
    free(file->scenarios);
    free(file->list);
    free(file->source);
    *file = (struct fan_userfile){0};
}
