#define _GNU_SOURCE
#include "app/practice_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/lesson/practice_file.h"

static int tell(struct fan_practice_place *place, int error, const char *words)
{
    snprintf(place->said, sizeof place->said, "%s%s%s%s", place->path, words, error ? ": " : "",
             error ? strerror(error) : "");
    return error;
}

/* ---- what is to be in it, and what is ---- */

static char *text_of(const struct fan_scenario *bug, bool solution)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    fan_practice_file_write(bug, solution, out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static bool holds(FILE *file, const char *text)
{
    int c;
    while ((c = fgetc(file)) != EOF && c == (unsigned char)*text)
        text++;
    return c == EOF && *text == '\0';
}

/* Whether somebody has changed what we wrote; 0, or the error of opening it. */
static int compare(const char *path, const char *text, bool *same)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return errno;
    *same = holds(file, text);
    fclose(file);
    return 0;
}

/* ---- writing ---- */

/* Never over a file, not even one that comes in this moment. */
static int write_new(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno;
    size_t length = strlen(text);
    ssize_t written = write(fd, text, length);
    int error = written == (ssize_t)length ? 0 : written < 0 ? errno : ENOSPC;
    if (close(fd) != 0 && !error)
        error = errno;
    if (error)
        unlink(path);
    return error;
}

static int reset_it(struct fan_practice_place *place, const char *text)
{
    char old[FAN_PRACTICE_PATH + 8];
    snprintf(old, sizeof old, "%s.old", place->path);
    if (rename(place->path, old) != 0)
        return tell(place, errno, " cannot be renamed");
    int error = write_new(place->path, text);
    if (error)
        return tell(place, error, " cannot be written; what it was has .old at its end");
    snprintf(place->said, sizeof place->said, "%s is as at the start; what it was is in %s",
             place->path, old);
    return 0;
}

static int leave_it(struct fan_practice_place *place, bool same, bool solution)
{
    place->changed = !same;
    if (same)
        return tell(place, 0, " was there already");
    if (!solution)
        return tell(place, 0, " is yours, and was left as it is (--reset starts over)");
    return tell(place, EEXIST, " is not as it was written, and was left as it is");
}

static int put(struct fan_practice_place *place, const char *text, bool solution, bool reset)
{
    bool same = false;
    int error = compare(place->path, text, &same);
    if (error == 0)
        return reset && !same ? reset_it(place, text) : leave_it(place, same, solution);
    if (error == ENOENT)
        error = write_new(place->path, text);
    return tell(place, error, error ? " cannot be written" : " is written");
}

static bool resolve(const char *name, char absolute[FAN_PRACTICE_PATH])
{
    char *path = realpath(name, NULL);
    if (path)
        snprintf(absolute, FAN_PRACTICE_PATH, "%s", path);
    free(path);
    return path != NULL;
}

int fan_practice_place_write(const struct fan_scenario *bug, const char *directory, bool solution,
                             bool reset, struct fan_practice_place *place)
{
    char name[FAN_PRACTICE_NAME];
    *place = (struct fan_practice_place){0};
    fan_practice_file_name(bug, solution, name);
    int length = snprintf(place->path, sizeof place->path, "%s%s%s", directory ? directory : "",
                          directory ? "/" : "", name);
    if (!resolve("/proc/self/exe", place->program) ||
        !resolve(directory ? directory : ".", place->directory))
        return tell(place, errno, " cannot be written");
    char *text = text_of(bug, solution);
    if (!text)
        return tell(place, ENOMEM, " cannot be written");
    int error = length < FAN_PRACTICE_PATH ? put(place, text, solution, reset)
                                           : tell(place, ENAMETOOLONG, "...");
    free(text);
    return error;
}
