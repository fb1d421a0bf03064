#define _GNU_SOURCE
#include "app/userfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/compile.h"
#include "app/lesson/attempt_unit.h"
#include "app/lesson/practice_file.h"
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

struct naming {
    char *words;
    size_t size;
};

static void name_function(void *context, const char *stem, int length)
{
    const struct naming *naming = context;
    char name[64];
    snprintf(name, sizeof name, "%.*s_fixed", length, stem);
    if (strstr(naming->words, name))
        return;
    size_t used = strlen(naming->words);
    snprintf(naming->words + used, naming->size - used, "%s%s", used ? " and " : "", name);
}

static void say_that_it_does_not_compile(const struct opening *opening)
{
    const struct fan_scenario *bug = opening->file->practised;
    char names[60] = "";
    /* The name is the one that `fanlab practice` gives. */
    const char *lost = strstr(opening->path, "practice_") ? "; its first line is lost" : "";
    if (bug)
        fan_attempt_unit_functions(bug, name_function, &(struct naming){names, sizeof names});
    snprintf(opening->why, FAN_USERFILE_WHY, "%.80s does not compile%s%.60s%s", opening->path,
             bug ? "; it must define " : lost, names, bug ? " and no main" : "");
}

static enum fan_userfile_error explain(const struct opening *opening,
                                       const struct fan_compile *compile, enum fan_compile_end end)
{
    switch (end) {
    case FAN_COMPILE_REFUSED:
        say_that_it_does_not_compile(opening);
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

static enum fan_compile_end make_program(const struct opening *opening, struct fan_compile *compile)
{
    compile->path = opening->path;
    return fan_compile_make(compile);
}

/* Its bug's file with the attempt in it has no name in the file system either. */
static int write_unit(const struct opening *opening)
{
    struct fan_attempt_unit unit = {.bug = opening->file->practised,
                                    .path = opening->path,
                                    .text = opening->file->source,
                                    .listed = true};
    int text = memfd_create("attempt", MFD_CLOEXEC), again = text < 0 ? -1 : dup(text);
    FILE *out = again < 0 ? NULL : fdopen(again, "w");
    bool good = out && fan_attempt_unit_write(&unit, out) == 0;
    if (out)
        good = fclose(out) == 0 && good;
    if (good)
        return text;
    close(text);
    return -1;
}

static enum fan_compile_end make_program_of_attempt(const struct opening *opening,
                                                    struct fan_compile *compile)
{
    char path[48];
    int text = write_unit(opening);
    if (text < 0) {
        snprintf(compile->why, sizeof compile->why,
                 "the attempt cannot be put into its bug's file");
        return FAN_COMPILE_LACKING;
    }
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getpid(), text);
    compile->path = path;
    compile->part = true;
    enum fan_compile_end end = fan_compile_make(compile);
    close(text);
    return end;
}

static enum fan_userfile_error compile(const struct opening *opening, bool sim, bool quiet,
                                       const char **helper)
{
    struct fan_userfile *file = opening->file;
    struct fan_compile one = {.sim = sim, .quiet = quiet, .interrupt = opening->interrupt};
    enum fan_compile_end end =
        file->practised ? make_program_of_attempt(opening, &one) : make_program(opening, &one);
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
    struct fan_userfile *file = opening->file;
    char *source = read_text(opening->path), *list = malloc(LIST_SIZE);
    file->list = list;
    file->source = source;
    if (list && source)
        return FAN_USERFILE_FINE;
    snprintf(opening->why, FAN_USERFILE_WHY, "%.140s cannot be read", opening->path);
    return FAN_USERFILE_LACKING;
}

/* A practice file's scenario is known; what else the file may declare counts for nothing. */
static enum fan_userfile_error take_bug(const struct opening *opening)
{
    struct fan_userfile *file = opening->file;
    struct fan_scenario *one = file->scenarios = calloc(1, sizeof *one);
    if (!one) {
        snprintf(opening->why, FAN_USERFILE_WHY, "out of memory");
        return FAN_USERFILE_LACKING;
    }
    *one = *file->practised;
    one->title = one->file = opening->path;
    one->source = file->source;
    one->variant_count = 1;
    one->variants[0] = (struct fan_variant){.name = FAN_ATTEMPT_VARIANT};
    file->scenario_count = 1;
    return FAN_USERFILE_FINE;
}

static enum fan_userfile_error recognise(const struct opening *opening)
{
    struct fan_userfile *file = opening->file;
    char why[FAN_PRACTICE_WHY] = "";
    if (!fan_practice_file_is_one(file->source, &file->practised, why) || file->practised)
        return FAN_USERFILE_FINE;
    snprintf(opening->why, FAN_USERFILE_WHY, "%.75s: %s", opening->path, why);
    return FAN_USERFILE_UNUSABLE;
}

static enum fan_userfile_error build(const struct opening *opening, int runtimes)
{
    struct fan_userfile *file = opening->file;
    enum fan_userfile_error error = look_at_file(opening);
    if (!error)
        error = read_file(opening);
    if (!error)
        error = recognise(opening);
    if (file->practised && (runtimes & FAN_USERFILE_PRACTISE))
        runtimes = FAN_USERFILE_REAL | FAN_USERFILE_SIM;
    if (!error && (runtimes & FAN_USERFILE_REAL))
        error = compile(opening, false, false, &file->real);
    if (!error && (runtimes & FAN_USERFILE_SIM))
        error = compile(opening, true, runtimes & FAN_USERFILE_REAL, &file->sim);
    if (!error && file->practised)
        return take_bug(opening);
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
