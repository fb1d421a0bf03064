#include "app/mystery_score.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "app/lesson/progress.h"

enum { PATH = FAN_PROGRESS_PATH + 32 };

static struct fan_mystery_score read_score(const char *path)
{
    json_t *file = json_load_file(path, 0, NULL);
    struct fan_mystery_score score = {
        .asked = (int)json_integer_value(json_object_get(file, "asked")),
        .right = (int)json_integer_value(json_object_get(file, "right"))};
    json_decref(file);
    bool sound = score.right >= 0 && score.right <= score.asked && score.asked < 1000000;
    return sound ? score : (struct fan_mystery_score){0};
}

static int write_score(const char *path, const struct fan_mystery_score *score)
{
    char fresh[PATH + 8];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    json_t *file = json_pack("{s:s, s:i, s:i}", "schema", "fanlab.score/1", "asked", score->asked,
                             "right", score->right);
    errno = 0;
    int error = file && json_dump_file(file, fresh, JSON_INDENT(2)) == 0 ? 0 : errno ? errno : EIO;
    json_decref(file);
    if (!error && rename(fresh, path) != 0)
        error = errno;
    if (error)
        remove(fresh);
    return error;
}

int fan_mystery_score_add(const struct fan_mystery_score *now, struct fan_mystery_score *all,
                          char why[200])
{
    char directory[FAN_PROGRESS_PATH], path[PATH];
    int error = ENOENT;
    if (fan_progress_directory(directory)) {
        snprintf(path, sizeof path, "%s/mystery.json", directory);
        struct fan_mystery_score sum = read_score(path);
        sum.asked += now->asked;
        sum.right += now->right;
        error = fan_progress_make_directory(directory);
        if (!error)
            error = write_score(path, &sum);
        if (!error)
            *all = sum;
    }
    if (error)
        snprintf(why, 200, "your score is not kept: %s", strerror(error));
    return error;
}
