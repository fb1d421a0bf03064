#define _GNU_SOURCE
#include "app/lesson/figure.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS = 32, MOST_OUTPUT = 1 << 20 };

extern char **environ;

static int fail(char *why, int error, const char *what, const char *which)
{
    snprintf(why, FAN_FIGURE_WHY, "%s: %.140s", what, which);
    return error;
}

/* ---- running ---- */

static int read_all(int from, char **output)
{
    size_t length = 0;
    char *text = malloc(MOST_OUTPUT + 1);
    for (ssize_t got = 1; text && got != 0 && length < MOST_OUTPUT;) {
        got = read(from, text + length, MOST_OUTPUT - length);
        if (got < 0 && errno != EINTR)
            break;
        length += got > 0 ? (size_t)got : 0;
    }
    if (!text)
        return ENOMEM;
    text[length] = '\0';
    *output = text;
    return 0;
}

/* Its messages go nowhere: they would land on a screen that belongs to another. */
static int arrange(posix_spawn_file_actions_t *actions, int output)
{
    int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
    if (!error)
        error = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    return error;
}

static int spawn(const char *program, char **argv, int output, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (!error) {
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        error = arrange(&actions, output);
        if (!error)
            error = posix_spawn(pid, program, &actions, &attributes, argv, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static int collect(const char *program, char **argv, char **output, int *status)
{
    int ends[2];
    pid_t pid;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    int error = spawn(program, argv, ends[1], &pid);
    close(ends[1]);
    if (!error) {
        error = read_all(ends[0], output);
        while (waitpid(pid, status, 0) < 0 && errno == EINTR)
            continue;
    }
    close(ends[0]);
    return error;
}

static int split(char *line, char *argv[WORDS])
{
    int count = 0;
    for (char *rest = line, *word; (word = strsep(&rest, " ")) && count < WORDS - 1;)
        if (*word)
            argv[count++] = word;
    argv[count] = NULL;
    return count;
}

/* Found once: a program that is replaced while it runs is no longer at its own address. */
static int own_path(char path[4096])
{
    ssize_t length = readlink("/proc/self/exe", path, 4095);
    if (length < 0)
        return errno;
    path[length] = '\0';
    return 0;
}

static int run_plain(const char *program, const char *command, char **output, char *why)
{
    char *argv[WORDS], own[4096], *said = NULL, *line = strdup(command);
    int status = 0;
    if (!line)
        return fail(why, ENOMEM, "out of memory", command);
    if (split(line, argv) < 2 || strcmp(argv[0], "fanlab") != 0) {
        free(line);
        return fail(why, EINVAL, "no command of fanlab", command);
    }
    int error = program ? 0 : own_path(own);
    if (!error)
        error = collect(program ? program : own, argv, &said, &status);
    free(line);
    if (error)
        return fail(why, error, strerror(error), command);
    if (WIFEXITED(status) && WEXITSTATUS(status) <= 1) {
        *output = said;
        return 0;
    }
    free(said);
    return fail(why, EINVAL, "the command fails", command);
}

/* ---- a figure within a command ---- */

static int fill_in(const char *program, const char *command, const char *brace, char **filled,
                   char *why)
{
    const char *end = strchr(brace, '}');
    if (!end)
        return fail(why, EINVAL, "a brace is not closed", command);
    char *value, *inner = strndup(brace + 1, (size_t)(end - brace - 1));
    if (!inner)
        return fail(why, ENOMEM, "out of memory", command);
    int error = fan_figure_pick(program, inner, &value, why);
    free(inner);
    if (error)
        return error;
    int length = asprintf(filled, "%.*s%s%s", (int)(brace - command), command, value, end + 1);
    free(value);
    return length < 0 ? fail(why, ENOMEM, "out of memory", command) : 0;
}

int fan_figure_complete(const char *program, const char *command, char **completed,
                        char why[FAN_FIGURE_WHY])
{
    const char *brace = strchr(command, '{');
    if (brace)
        return fill_in(program, command, brace, completed, why);
    *completed = strdup(command);
    return *completed ? 0 : fail(why, ENOMEM, "out of memory", command);
}

int fan_figure_run(const char *program, const char *command, char **output,
                   char why[FAN_FIGURE_WHY])
{
    char *completed;
    int error = fan_figure_complete(program, command, &completed, why);
    if (error)
        return error;
    error = run_plain(program, completed, output, why);
    free(completed);
    return error;
}

/* ---- one value ---- */

static const json_t *step_into(const json_t *from, const char *key)
{
    if (json_is_array(from))
        return json_array_get(from, strtoul(key, NULL, 10));
    return json_object_get(from, key);
}

static const json_t *follow(const json_t *from, char *path)
{
    for (char *rest = path, *key; from && (key = strsep(&rest, "/"));)
        if (*key)
            from = step_into(from, key);
    return from;
}

static char *write_number(json_int_t number)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, number);
    char *value = malloc(2 * sizeof digits), *out = value;
    for (int i = 0; out && i < length; i++) {
        *out++ = digits[i];
        if (i < length - 1 && (length - 1 - i) % 3 == 0 && digits[i] != '-')
            *out++ = ',';
    }
    if (out)
        *out = '\0';
    return value;
}

/* The value as text, NULL for no memory. */
static char *write_value(const json_t *found)
{
    char real[64];
    if (json_is_string(found))
        return strdup(json_string_value(found));
    if (json_is_integer(found))
        return write_number(json_integer_value(found));
    if (!json_is_real(found))
        return strdup(json_is_true(found) ? "yes" : "no");
    snprintf(real, sizeof real, "%.1f", json_real_value(found));
    return strdup(real);
}

static int pick(const char *output, char *path, char **value, char *why)
{
    json_t *all = json_loads(output, 0, NULL);
    const json_t *found = follow(all, path);
    int error = EINVAL;
    if (found && !json_is_object(found) && !json_is_array(found)) {
        *value = write_value(found);
        error = *value ? 0 : ENOMEM;
    }
    json_decref(all);
    return error ? fail(why, error, "no such value in the command's JSON", path) : 0;
}

int fan_figure_pick(const char *program, const char *command, char **value,
                    char why[FAN_FIGURE_WHY])
{
    char *output, *line = strdup(command);
    char *path = line ? strrchr(line, ' ') : NULL;
    if (!path || path[1] != '/') {
        free(line);
        return line ? fail(why, EINVAL, "no path behind the command", command)
                    : fail(why, ENOMEM, "out of memory", command);
    }
    *path++ = '\0';
    int error = fan_figure_run(program, line, &output, why);
    if (!error) {
        error = pick(output, path, value, why);
        free(output);
    }
    free(line);
    return error;
}
