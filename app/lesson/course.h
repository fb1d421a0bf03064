#ifndef FAN_APP_LESSON_COURSE_H
#define FAN_APP_LESSON_COURSE_H

#include "app/lesson/lesson.h"
#include "app/lesson/progress.h"

/*
 * The course: all lessons that are written, in the order of the curriculum, and how far the learner
 * is in each.
 */
enum { FAN_COURSE_LESSONS = 24 };

struct fan_course {
    struct fan_lesson lessons[FAN_COURSE_LESSONS];
    struct fan_progress progress[FAN_COURSE_LESSONS];
    int count;
    char directory[FAN_PROGRESS_PATH]; /* of the progress; "" = it is not kept */
    char told[FAN_PROGRESS_WHY];       /* what the learner should know of it, "" for nothing */
};

/* Opens the lessons and reads the progress in a directory: NULL for that of this user, "" for none.
 * What cannot be opened or read is left out and told. The caller closes it. */
void fan_course_open(struct fan_course *course, const char *directory);

void fan_course_close(struct fan_course *course);

/* The position of the lesson with this id, -1 if there is none. */
int fan_course_find(const struct fan_course *course, const char *id);

/* Keeps the progress of a lesson; what goes wrong is told in `told`. */
void fan_course_keep(struct fan_course *course, int lesson);

/* What a lesson may be called now: its title once the learner has predicted. */
const char *fan_course_name(const struct fan_course *course, int lesson);

#endif
