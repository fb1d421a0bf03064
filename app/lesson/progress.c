#define _GNU_SOURCE
#include "app/lesson/progress.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char schema[] = "fanlab.progress/1";

enum { LONGEST = FAN_PROGRESS_PATH + 64 };

static int tell(char *why, int error, const char *what, const char *path)
{
    snprintf(why, FAN_PROGRESS_WHY, "%s: %s: %.560s", what, strerror(error), path);
    return error;
}

/* ---- places ---- */

bool fan_progress_directory(char path[FAN_PROGRESS_PATH])
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int length = FAN_PROGRESS_PATH;
    if (state && *state == '/')
        length = snprintf(path, FAN_PROGRESS_PATH, "%s/fanlab", state);
    else if (home && *home == '/')
        length = snprintf(path, FAN_PROGRESS_PATH, "%s/.local/state/fanlab", home);
    return length < FAN_PROGRESS_PATH;
}

static void name_file(const char *directory, const struct fan_lesson *lesson, const char *end,
                      char path[LONGEST])
{
    snprintf(path, LONGEST, "%s/%s.json%s", directory, lesson->id, end);
}

int fan_progress_make_directory(const char *directory)
{
    char path[FAN_PROGRESS_PATH];
    snprintf(path, sizeof path, "%s", directory);
    for (char *slash = path; (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return errno;
        *slash = '/';
    }
    return mkdir(path, 0700) != 0 && errno != EEXIST ? errno : 0;
}

/* ---- reading ---- */

/* The answers of one stage, as far as the lesson still has such questions and answers. */
static void take_answers(const struct fan_lesson *lesson, int stage, const json_t *numbers,
                         int *answers)
{
    for (int i = 0; i < lesson->stages[stage].questions && i < FAN_PROGRESS_QUESTIONS; i++) {
        json_int_t number = json_integer_value(json_array_get(numbers, (size_t)i));
        if (number > 0 && number <= fan_lesson_answers(lesson, stage, i))
            answers[i] = (int)number;
    }
}

static int stage_called(const struct fan_lesson *lesson, const json_t *key)
{
    int stage = json_is_string(key) ? fan_lesson_stage(lesson, json_string_value(key)) : -1;
    return stage > 0 ? stage : 0;
}

static void take_all(const struct fan_lesson *lesson, const json_t *file,
                     struct fan_progress *progress)
{
    const json_t *first = json_object_get(file, "first"), *last = json_object_get(file, "chosen");
    for (int i = 0; i < lesson->stage_count; i++) {
        const char *key = lesson->stages[i].key;
        take_answers(lesson, i, json_object_get(first, key), progress->first[i]);
        take_answers(lesson, i, json_object_get(last, key), progress->chosen[i]);
    }
    progress->practised = json_is_true(json_object_get(file, "practised"));
    progress->stage = stage_called(lesson, json_object_get(file, "stage"));
    progress->furthest = stage_called(lesson, json_object_get(file, "furthest"));
    if (!fan_progress_predicted(lesson, progress) && progress->furthest > lesson->predict)
        progress->furthest = lesson->predict;
    if (progress->stage > progress->furthest)
        progress->stage = progress->furthest;
}

static bool is_ours(const struct fan_lesson *lesson, const json_t *file)
{
    const char *found = json_string_value(json_object_get(file, "schema"));
    const char *id = json_string_value(json_object_get(file, "lesson"));
    return found && strcmp(found, schema) == 0 && id && strcmp(id, lesson->id) == 0;
}

static int set_aside(const char *directory, const struct fan_lesson *lesson, char *why)
{
    char path[LONGEST], aside[LONGEST];
    name_file(directory, lesson, "", path);
    name_file(directory, lesson, ".damaged", aside);
    if (rename(path, aside) != 0)
        return tell(why, errno, "a damaged progress file cannot be set aside", path);
    snprintf(why, FAN_PROGRESS_WHY, "the progress of lesson %s was damaged; it is now %.560s",
             lesson->id, aside);
    return EILSEQ;
}

int fan_progress_load(const char *directory, const struct fan_lesson *lesson,
                      struct fan_progress *progress, char why[FAN_PROGRESS_WHY])
{
    char path[LONGEST];
    *progress = (struct fan_progress){0};
    name_file(directory, lesson, "", path);
    FILE *in = fopen(path, "re");
    if (!in)
        return errno == ENOENT ? 0 : tell(why, errno, "the progress cannot be read", path);
    json_t *file = json_loadf(in, 0, NULL);
    int error = ferror(in) ? EIO : 0;
    fclose(in);
    if (error)
        tell(why, error, "the progress cannot be read", path);
    else if (!is_ours(lesson, file))
        error = set_aside(directory, lesson, why);
    else
        take_all(lesson, file, progress);
    json_decref(file);
    return error;
}

/* ---- writing ---- */

static json_t *list_answers(const struct fan_lesson *lesson,
                            const int answers[FAN_LESSON_STAGES][FAN_PROGRESS_QUESTIONS])
{
    json_t *stages = json_object();
    for (int i = 0; i < lesson->stage_count; i++) {
        json_t *numbers = json_array();
        for (int j = 0; j < lesson->stages[i].questions && j < FAN_PROGRESS_QUESTIONS; j++)
            json_array_append_new(numbers, json_integer(answers[i][j]));
        json_object_set_new(stages, lesson->stages[i].key, numbers);
    }
    return stages;
}

static int write_json(const char *path, json_t *file)
{
    FILE *out = fopen(path, "we");
    if (!out)
        return errno;
    errno = 0;
    bool written = json_dumpf(file, out, JSON_INDENT(2)) == 0 && fputc('\n', out) != EOF &&
                   fflush(out) == 0 && fsync(fileno(out)) == 0;
    int error = written ? 0 : errno ? errno : EIO;
    if (fclose(out) != 0 && !error)
        error = errno;
    return error;
}

/* What `fanlab check` has kept while the screen was open stays. */
static bool is_kept_as_practised(const char *path)
{
    json_t *file = json_load_file(path, 0, NULL);
    bool kept = json_is_true(json_object_get(file, "practised"));
    json_decref(file);
    return kept;
}

int fan_progress_save(const char *directory, const struct fan_lesson *lesson,
                      const struct fan_progress *progress, char why[FAN_PROGRESS_WHY])
{
    char path[LONGEST], fresh[LONGEST], end[32];
    name_file(directory, lesson, "", path);
    bool practised = progress->practised || is_kept_as_practised(path);
    json_t *file = json_pack(
        "{s:s, s:s, s:b, s:s, s:s, s:o, s:o}", "schema", schema, "lesson", lesson->id, "practised",
        practised, "stage", lesson->stages[progress->stage].key, "furthest",
        lesson->stages[progress->furthest].key, "first", list_answers(lesson, progress->first),
        "chosen", list_answers(lesson, progress->chosen));
    snprintf(end, sizeof end, ".%d.new", (int)getpid());
    name_file(directory, lesson, end, fresh);
    int error = file ? fan_progress_make_directory(directory) : ENOMEM;
    if (!error)
        error = write_json(fresh, file);
    if (!error && rename(fresh, path) != 0)
        error = errno;
    if (error)
        unlink(fresh);
    json_decref(file);
    return error ? tell(why, error, "your progress is not kept", path) : 0;
}

/* ---- what it means ---- */

static bool all_answered(const struct fan_lesson *lesson, const struct fan_progress *progress,
                         int stage, bool rightly)
{
    for (int i = 0; i < lesson->stages[stage].questions && i < FAN_PROGRESS_QUESTIONS; i++) {
        int chosen = progress->chosen[stage][i];
        if (chosen == 0 || (rightly && chosen != fan_lesson_right_answer(lesson, stage, i)))
            return false;
    }
    return true;
}

bool fan_progress_predicted(const struct fan_lesson *lesson, const struct fan_progress *progress)
{
    return lesson->predict < 0 || all_answered(lesson, progress, lesson->predict, false);
}

bool fan_progress_done(const struct fan_lesson *lesson, const struct fan_progress *progress)
{
    for (int i = 0; i < lesson->stage_count; i++)
        if (!all_answered(lesson, progress, i, true))
            return false;
    return progress->furthest == lesson->stage_count - 1;
}
