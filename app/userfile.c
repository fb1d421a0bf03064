#define _GNU_SOURCE
#include "app/userfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { PATH_SIZE = 512, LIST_SIZE = 16 * 1024 };

bool fan_userfile_is_one(const char *word)
{
    size_t length = strlen(word);
    return length > 2 && strcmp(word + length - 2, ".c") == 0;
}

/* ---- where the library is ---- */

struct library {
    char archives[PATH_SIZE]; /* the directory of libfan.a and its like */
    char headers[PATH_SIZE];  /* <fan/fan.h> is found from here */
};

static bool is_there(const char *directory, const char *name)
{
    char path[PATH_SIZE + 64];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return access(path, R_OK) == 0;
}

static bool is_complete(const struct library *library)
{
    return is_there(library->archives, "libfan_main.a") && is_there(library->headers, "fan/fan.h");
}

/* Installed, it lies as the Makefile's install puts it; else this program runs where it was built.
 */
static bool find_library(struct library *library)
{
    char self[PATH_SIZE - 16];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0)
        return false;
    self[length] = '\0';
    *strrchr(self, '/') = '\0';
    snprintf(library->archives, sizeof library->archives, "%s/../lib", self);
    snprintf(library->headers, sizeof library->headers, "%s/../include", self);
    if (is_complete(library))
        return true;
    snprintf(library->archives, sizeof library->archives, "%s", FAN_LIBRARY_DIR);
    snprintf(library->headers, sizeof library->headers, "%s", FAN_CORE_DIR);
    return is_complete(library);
}

/* ---- running other programs ---- */

static int wait_for(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Returns its exit status, -1 if it died, or -2 if it could not be started. */
static int run(char *const *argv)
{
    pid_t pid;
    return posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) ? -2 : wait_for(pid);
}

/* What a program prints, as much as fits; false if it fails. */
static bool read_output(char *const *argv, char *text, size_t size)
{
    int ends[2];
    size_t length = 0;
    ssize_t got;
    pid_t pid;
    posix_spawn_file_actions_t actions;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    int error = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    while (!error && length + 1 < size &&
           (got = read(ends[0], text + length, size - 1 - length)) > 0)
        length += (size_t)got;
    text[length] = '\0';
    close(ends[0]);
    return !error && wait_for(pid) == 0;
}

/* ---- compiling ---- */

static enum fan_userfile_error compile(const char *path, const struct library *library, bool sim,
                                       char *output, char why[160])
{
    char headers[PATH_SIZE + 8], own_headers[PATH_SIZE + 16];
    char main_archive[PATH_SIZE + 32], archive[PATH_SIZE + 32];
    const char *cc = getenv("CC");
    snprintf(headers, sizeof headers, "-I%s", library->headers);
    snprintf(own_headers, sizeof own_headers, "-I%s/fan", library->headers);
    snprintf(main_archive, sizeof main_archive, "%s/libfan_main.a", library->archives);
    snprintf(archive, sizeof archive, "%s/%s", library->archives,
             sim ? "libfan_sim.a" : "libfan.a");
    char *argv[] = {(char *)(cc && *cc ? cc : "cc"),
                    "-std=gnu11",
                    "-g",
                    "-O1",
                    "-Wall",
                    "-fno-inline",
                    "-fno-omit-frame-pointer",
                    "-fno-optimize-sibling-calls",
                    FAN_SANITIZE, /* as the library was built */
                    sim ? "-DFAN_SIM" : "-UFAN_SIM",
                    headers,
                    own_headers,
                    "-o",
                    output,
                    (char *)path,
                    main_archive,
                    archive,
                    "-pthread",
                    NULL};
    int status = run(argv);
    if (status == 0)
        return FAN_USERFILE_FINE;
    if (status == -2 || status == 127) {
        snprintf(why, 160, "%.60s cannot be run; a C compiler is needed (apt-get install gcc)",
                 argv[0]);
        return FAN_USERFILE_NO_CC;
    }
    snprintf(why, 160, "%.120s does not compile", path);
    return FAN_USERFILE_UNUSABLE;
}

/* ---- what it declares ---- */

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "r");
    struct stat about;
    char *text = NULL;
    if (file && fstat(fileno(file), &about) == 0 && S_ISREG(about.st_mode)) {
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

/* A line of the child's --list: id, workers, items, variants. The words stay in the list. */
static bool take_scenario(struct fan_userfile *file, char *line, const char *path,
                          const char *source)
{
    char *rest, *id = strtok_r(line, " ", &rest);
    char *workers = strtok_r(NULL, " ", &rest), *items = strtok_r(NULL, " ", &rest);
    if (!id || !workers || !items)
        return false;
    struct fan_scenario *more =
        realloc(file->scenarios, (file->scenario_count + 1) * sizeof *file->scenarios);
    if (!more)
        return false;
    file->scenarios = more;
    struct fan_scenario *one = &more[file->scenario_count++];
    *one = (struct fan_scenario){.id = id,
                                 .name = id,
                                 .title = id,
                                 .symptom = "",
                                 .file = path,
                                 .source = source,
                                 .workers = strtoull(workers, NULL, 10),
                                 .items = strtoull(items, NULL, 10)};
    for (char *name; one->variant_count < FAN_LAB_VARIANTS && (name = strtok_r(NULL, " ", &rest));)
        one->variants[one->variant_count++].name = name;
    return true;
}

/* Compilers list them in orders of their own. */
static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct fan_scenario *)a)->id, ((const struct fan_scenario *)b)->id);
}

static bool read_scenarios(struct fan_userfile *file, const char *path)
{
    char *argv[] = {file->real, "--list", NULL};
    file->list = malloc(LIST_SIZE);
    file->source = read_text(path);
    if (!file->list || !file->source || !read_output(argv, file->list, LIST_SIZE))
        return false;
    char *rest, *line = strtok_r(file->list, "\n", &rest);
    while (line && take_scenario(file, line, path, file->source))
        line = strtok_r(NULL, "\n", &rest);
    qsort(file->scenarios, file->scenario_count, sizeof *file->scenarios, by_id);
    return file->scenario_count > 0;
}

/* ---- opening and closing ---- */

static bool make_directory(struct fan_userfile *file)
{
    const char *where = getenv("TMPDIR");
    snprintf(file->directory, sizeof file->directory, "%.90s/fanlab-XXXXXX",
             where && *where ? where : "/tmp");
    if (!mkdtemp(file->directory)) {
        file->directory[0] = '\0';
        return false;
    }
    snprintf(file->real, sizeof file->real, "%s/real", file->directory);
    snprintf(file->sim, sizeof file->sim, "%s/sim", file->directory);
    return true;
}

static enum fan_userfile_error build(const char *path, struct fan_userfile *file, char why[160])
{
    struct library library;
    enum fan_userfile_error error;
    if (access(path, R_OK) != 0) {
        snprintf(why, 160, "%.100s: %s", path, strerror(errno));
        return FAN_USERFILE_UNUSABLE;
    }
    if (!find_library(&library)) {
        snprintf(why, 160, "the library that belongs to this program is missing: install it again");
        return FAN_USERFILE_NO_CC;
    }
    if (!make_directory(file)) {
        snprintf(why, 160, "no directory for the compiled file: %s", strerror(errno));
        return FAN_USERFILE_NO_CC;
    }
    error = compile(path, &library, false, file->real, why);
    if (!error)
        error = compile(path, &library, true, file->sim, why);
    if (!error && !read_scenarios(file, path)) {
        snprintf(why, 160, "%.60s declares no scenario: it needs a FAN_SCENARIO(function);", path);
        error = FAN_USERFILE_UNUSABLE;
    }
    return error;
}

enum fan_userfile_error fan_userfile_open(const char *path, struct fan_userfile *file,
                                          char why[160])
{
    *file = (struct fan_userfile){0};
    enum fan_userfile_error error = build(path, file, why);
    if (error)
        fan_userfile_close(file);
    return error;
}

void fan_userfile_close(struct fan_userfile *file)
{
    if (file->directory[0]) {
        unlink(file->real);
        unlink(file->sim);
        rmdir(file->directory);
    }
    free(file->scenarios);
    free(file->list);
    free(file->source);
    *file = (struct fan_userfile){0};
}
