#include "app/lesson/course.h"

#include <stdio.h>
#include <string.h>

#include "app/lesson/shelf.h"

static void find_directory(struct fan_course *course, const char *directory)
{
    if (directory)
        snprintf(course->directory, sizeof course->directory, "%s", directory);
    else if (!fan_progress_directory(course->directory))
        course->directory[0] = '\0';
}

static void open_lesson(struct fan_course *course, const char *id)
{
    struct fan_lesson *lesson = &course->lessons[course->count];
    struct fan_progress *progress = &course->progress[course->count];
    char why[FAN_LESSON_WHY];
    if (!fan_shelf_lesson(id))
        return;
    if (fan_lesson_open(id, lesson, why)) {
        snprintf(course->told, sizeof course->told, "lesson %s: %s", id, why);
        return;
    }
    if (course->directory[0])
        fan_progress_load(course->directory, lesson, progress, course->told);
    course->count++;
}

void fan_course_open(struct fan_course *course, const char *directory)
{
    *course = (struct fan_course){0};
    find_directory(course, directory);
    for (size_t i = 0; i < fan_curriculum_count && course->count < FAN_COURSE_LESSONS; i++)
        open_lesson(course, fan_curriculum[i].id);
}

void fan_course_close(struct fan_course *course)
{
    for (int i = 0; i < course->count; i++)
        fan_lesson_free(&course->lessons[i]);
    course->count = 0;
}

int fan_course_find(const struct fan_course *course, const char *id)
{
    for (int i = 0; i < course->count; i++)
        if (strcmp(course->lessons[i].id, id) == 0)
            return i;
    return -1;
}

void fan_course_keep(struct fan_course *course, int lesson)
{
    if (!course->directory[0])
        snprintf(course->told, sizeof course->told,
                 "your progress is not kept: neither XDG_STATE_HOME nor HOME says where");
    else if (fan_progress_save(course->directory, &course->lessons[lesson],
                               &course->progress[lesson], course->told) == 0)
        course->told[0] = '\0';
}

const char *fan_course_name(const struct fan_course *course, int lesson)
{
    const struct fan_lesson *of = &course->lessons[lesson];
    return fan_progress_predicted(of, &course->progress[lesson]) ? of->title : of->shown_as;
}
