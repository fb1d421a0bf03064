#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/command.h"
#include "app/lesson/course.h"
#include "app/lesson/fill.h"
#include "app/lesson/html.h"
#include "app/lesson/print.h"

static const struct fan_option options[] = {{0}};

enum handout_form { HTML, TEXT };

static int complain(const char *path, int error)
{
    fprintf(stderr, "fanlab handout: %s: %s\n", path, strerror(error));
    return error;
}

static int close_file(FILE *out, const char *path)
{
    bool failed = ferror(out);
    int error = fclose(out) != 0 ? errno : failed ? EIO : 0;
    return error ? complain(path, error) : 0;
}

static int write_lesson(const char *directory, const struct fan_lesson *lesson,
                        enum handout_form form)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.%s", directory, lesson->id, form == HTML ? "html" : "txt");
    FILE *out = fopen(path, "we");
    if (!out)
        return complain(path, errno);
    if (form == HTML)
        fan_html_lesson(out, lesson);
    else
        fan_print_lesson(out, lesson, 0, FAN_VIEW_EVERY);
    return close_file(out, path);
}

static int write_index(const char *directory, const struct fan_course *course)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/index.html", directory);
    FILE *out = fopen(path, "we");
    if (!out)
        return complain(path, errno);
    fan_html_index(out, course);
    return close_file(out, path);
}

static int fill(struct fan_lesson *lesson)
{
    int first = 0;
    for (int i = 0; i < lesson->stage_count; i++) {
        char why[FAN_LESSON_WHY];
        int error = fan_fill_stage(lesson, i, NULL, why);
        if (error)
            fprintf(stderr, "fanlab handout: %s\n", why);
        first = first ? first : error;
    }
    return first;
}

static int write_all(const char *directory, struct fan_course *course)
{
    int error = write_index(directory, course);
    for (int i = 0; i < course->count && !error; i++) {
        struct fan_lesson *lesson = &course->lessons[i];
        error = fill(lesson);
        if (!error)
            error = write_lesson(directory, lesson, HTML);
        if (!error)
            error = write_lesson(directory, lesson, TEXT);
    }
    return error;
}

static int hand_out(const char *directory)
{
    struct fan_course course;
    if (mkdir(directory, 0777) != 0 && errno != EEXIST) {
        complain(directory, errno);
        return FAN_EXIT_LACKING;
    }
    fan_course_open(&course, "");
    int error = write_all(directory, &course);
    if (!error)
        printf("%d lessons in %s: open index.html\n", course.count, directory);
    fan_course_close(&course);
    return error ? FAN_EXIT_LACKING : FAN_EXIT_CLEAN;
}

static int run(int argc, char **argv)
{
    struct fan_parsed parsed;
    char why[FAN_OPTIONS_WHY];
    int error = fan_options_parse(options, argc, argv, NULL, &parsed, why);
    if (fan_command_explains(&fan_command_handout, &parsed))
        return FAN_EXIT_CLEAN;
    if (!error && argc - parsed.operands != 1) {
        snprintf(why, sizeof why, "it takes one directory to write into");
        error = EINVAL;
    }
    return error ? fan_command_misused(&fan_command_handout, why) : hand_out(argv[parsed.operands]);
}

const struct fan_command fan_command_handout = {
    .name = "handout",
    .operands = "DIR",
    .summary = "Writes all lessons as offline HTML and text",
    .more = "DIR is made if need be; in it come index.html, and ID.html and ID.txt for each\n"
            "lesson. They need no network. The commands that a lesson shows are run.\n",
    .options = options,
    .run = run,
};
