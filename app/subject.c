#include "app/subject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/request.h"
#include "bugs/table.h"

/* ---- finding ---- */

static int refuse(struct fan_subjects *subjects, int code, const char *reason)
{
    subjects->code = code;
    subjects->reason = reason;
    return code;
}

static int lack(struct fan_subjects *subjects, const char *what)
{
    snprintf(subjects->why, sizeof subjects->why, "%s", what);
    return refuse(subjects, FAN_EXIT_LACKING, "environment");
}

static int add(struct fan_subjects *subjects, const struct fan_subject *subject)
{
    struct fan_subject *more =
        realloc(subjects->list, (subjects->count + 1) * sizeof *subjects->list);
    if (!more)
        return lack(subjects, "out of memory");
    more[subjects->count++] = *subject;
    subjects->list = more;
    return 0;
}

static int take_bug(struct fan_subjects *subjects, const char *word)
{
    const struct fan_scenario *bug = fan_request_bug(word, subjects->why);
    if (bug)
        return add(subjects, &(struct fan_subject){.scenario = bug});
    subjects->misused = true;
    return refuse(subjects, FAN_EXIT_USAGE, "usage");
}

static int take_file(struct fan_subjects *subjects, const char *word, int runtimes,
                     const struct fan_interrupt *interrupt)
{
    struct fan_userfile *file = &subjects->files[subjects->file_count];
    int signal = 0, code = 0;
    switch (fan_userfile_open(word, runtimes, interrupt, file, &signal, subjects->why)) {
    case FAN_USERFILE_FINE:
        break;
    case FAN_USERFILE_UNUSABLE:
        return refuse(subjects, FAN_EXIT_USAGE, "usage");
    case FAN_USERFILE_LACKING:
        return refuse(subjects, FAN_EXIT_LACKING, "environment");
    case FAN_USERFILE_STOPPED:
        return refuse(subjects, FAN_EXIT_SIGNAL + signal, "interrupted");
    }
    subjects->file_count++;
    for (size_t i = 0; i < file->scenario_count && !code; i++)
        code = add(subjects, &(struct fan_subject){&file->scenarios[i], file->real, file->sim,
                                                   file->practised});
    return code;
}

/* Returns 0, or the exit code that is due. */
static int find(struct fan_subjects *subjects, char *const *words, size_t count, int runtimes,
                const struct fan_interrupt *interrupt)
{
    int code = 0;
    *subjects = (struct fan_subjects){.files = calloc(count + 1, sizeof *subjects->files)};
    if (!subjects->files)
        return lack(subjects, "out of memory");
    for (size_t i = 0; i < count && !code; i++)
        code = fan_userfile_is_one(words[i]) ? take_file(subjects, words[i], runtimes, interrupt)
                                             : take_bug(subjects, words[i]);
    return code;
}

static int add_bugs(struct fan_subjects *subjects)
{
    int code = 0;
    for (size_t i = 0; i < fan_bugs_count && !code; i++)
        code = add(subjects, &(struct fan_subject){.scenario = fan_bugs[i]});
    return code;
}

static void release(struct fan_subjects *subjects)
{
    for (size_t i = 0; i < subjects->file_count; i++)
        fan_userfile_close(&subjects->files[i]);
    free(subjects->files);
    free(subjects->list);
}

/* ---- what a command does with them ---- */

static int tell_refusal(const struct fan_subjects_use *use, const struct fan_subjects *subjects)
{
    use->refuse(use->settings, subjects->reason, subjects->why);
    if (subjects->misused)
        return fan_command_misused(use->command, subjects->why);
    fprintf(stderr, "fanlab %s: %s\n", use->command->name, subjects->why);
    return subjects->code;
}

static int tell_deafness(const struct fan_subjects_use *use, int error)
{
    use->refuse(use->settings, "environment", strerror(error));
    fprintf(stderr, "fanlab %s: cannot listen for signals: %s\n", use->command->name,
            strerror(error));
    return FAN_EXIT_LACKING;
}

int fan_subjects_use(const struct fan_subjects_use *use, char *const *words, size_t count)
{
    struct fan_interrupt interrupt;
    struct fan_subjects subjects;
    int error = fan_interrupt_begin(&interrupt);
    if (error)
        return tell_deafness(use, error);
    int code = find(&subjects, words, count, use->runtimes, &interrupt);
    if (!code && count == 0 && use->all_if_none)
        code = add_bugs(&subjects);
    if (code)
        code = tell_refusal(use, &subjects);
    else
        code = use->act(use->settings, &subjects, &interrupt);
    release(&subjects);
    fan_interrupt_end(&interrupt);
    return code;
}

/* ---- naming ---- */

static bool is_plain(const char *path)
{
    return strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+-") ==
           strlen(path);
}

/* Between quotes nothing means anything to a shell but another quote. */
static void quote(const char *path, char word[FAN_SUBJECT_WORD])
{
    size_t used = 0;
    word[used++] = '\'';
    for (; *path && used + 6 < FAN_SUBJECT_WORD; path++) {
        size_t length = *path == '\'' ? 4 : 1;
        memcpy(word + used, *path == '\'' ? "'\\''" : path, length);
        used += length;
    }
    word[used++] = '\'';
    word[used] = '\0';
}

static bool is_a_bug(const struct fan_scenario *scenario)
{
    return !scenario->file || fan_bugs_find(scenario->id) == scenario;
}

void fan_subject_word(const struct fan_scenario *scenario, char word[FAN_SUBJECT_WORD])
{
    char path[FAN_SUBJECT_WORD];
    if (is_a_bug(scenario)) {
        snprintf(word, FAN_SUBJECT_WORD, "%s", scenario->id);
        return;
    }
    snprintf(path, sizeof path, "%s%s", scenario->file[0] == '-' ? "./" : "", scenario->file);
    if (is_plain(path))
        memcpy(word, path, sizeof path);
    else
        quote(path, word);
}

void fan_subject_replay(const struct fan_scenario *scenario, const char *line,
                        char command[FAN_SUBJECT_COMMAND])
{
    char word[FAN_SUBJECT_WORD] = "";
    if (!is_a_bug(scenario))
        fan_subject_word(scenario, word);
    snprintf(command, FAN_SUBJECT_COMMAND, "fanlab replay %s%s%s", line, *word ? " " : "", word);
}
