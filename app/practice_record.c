#include "app/practice_record.h"

static int record(const struct fan_lesson *lesson, const char *directory,
                  char why[FAN_PROGRESS_WHY])
{
    struct fan_progress progress;
    int error = fan_progress_load(directory, lesson, &progress, why);
    if (error || progress.practised)
        return error;
    progress.practised = true;
    return fan_progress_save(directory, lesson, &progress, why);
}

int fan_practice_record(const struct fan_scenario *bug, char why[FAN_PROGRESS_WHY])
{
    char directory[FAN_PROGRESS_PATH], unread[FAN_LESSON_WHY];
    struct fan_lesson lesson;
    if (!fan_progress_directory(directory) || fan_lesson_open(bug->id, &lesson, unread) != 0)
        return 0;
    int error = record(&lesson, directory, why);
    fan_lesson_free(&lesson);
    return error;
}
