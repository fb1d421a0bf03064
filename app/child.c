#define _GNU_SOURCE
#include "app/child.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "watch/publish.h"

enum {
    /* Where the child finds its segment. Everything above is closed to it. */
    SEGMENT_THERE = STDERR_FILENO + 1,
    WHY = 160,
    NUMBERS = 9,
};

static const char helper_name[] = "fanlab-lab-real";

extern char **environ;

static int fail(char why[WHY], int error, const char *what)
{
    snprintf(why, WHY, "cannot start a run: %.80s: %s", what, strerror(error));
    return error;
}

static int helper_beside_us(char *path, size_t size, char why[WHY])
{
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    if (length < 0)
        return fail(why, errno, "/proc/self/exe cannot be read (is /proc mounted?)");
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    size_t room = slash ? size - (size_t)(slash + 1 - path) : 0;
    if (room < sizeof helper_name)
        return fail(why, ENAMETOOLONG, "the program's own path");
    memcpy(slash + 1, helper_name, sizeof helper_name);
    return 0;
}

static int check_helper(const char *path, char why[WHY])
{
    if (access(path, X_OK) == 0)
        return 0;
    int error = errno;
    snprintf(why, WHY, "cannot start a run: %s, which belongs beside fanlab, %s: %s", helper_name,
             strerror(error), path);
    return error;
}

int fan_child_helper(const struct fan_child_options *options, char *path, size_t size,
                     char why[WHY])
{
    int error = 0;
    if (!options->helper)
        error = helper_beside_us(path, size, why);
    else if (strlen(options->helper) >= size)
        error = fail(why, ENAMETOOLONG, "the helper's path");
    else
        strcpy(path, options->helper);
    return error ? error : check_helper(path, why);
}

/* Out of the way of the numbers that the child's own descriptors get. */
static int lift(int *fd)
{
    if (*fd > SEGMENT_THERE)
        return 0;
    int lifted = fcntl(*fd, F_DUPFD_CLOEXEC, SEGMENT_THERE + 1);
    if (lifted < 0)
        return errno;
    close(*fd);
    *fd = lifted;
    return 0;
}

static int open_errors(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    int error = lift(&ends[0]);
    if (!error)
        error = lift(&ends[1]);
    if (!error && fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)
        error = errno;
    if (error) {
        close(ends[0]);
        close(ends[1]);
    }
    return error;
}

static int open_segment(int *segment)
{
    int error = fan_segment_create(segment);
    if (error)
        return error;
    error = lift(segment);
    if (error)
        close(*segment);
    return error;
}

static int lay_out_descriptors(posix_spawn_file_actions_t *actions, int segment, int errors)
{
    int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_adddup2(actions, errors, STDERR_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(actions, segment, SEGMENT_THERE);
    if (!error)
        error = posix_spawn_file_actions_addclosefrom_np(actions, SEGMENT_THERE + 1);
    return error;
}

/* A group of its own, so that all it starts can be killed at once and the keyboard's signals go
 * past it; and none of our blocked or ignored signals. */
static int set_apart(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF);
}

static int spawn_arranged(const char *path, char **argv, posix_spawn_file_actions_t *actions,
                          posix_spawnattr_t *attributes, const int fds[2], pid_t *pid)
{
    int error = lay_out_descriptors(actions, fds[0], fds[1]);
    if (!error)
        error = set_apart(attributes);
    return error ? error : posix_spawn(pid, path, actions, attributes, argv, environ);
}

static int spawn(const char *path, char **argv, const int fds[2], pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (!error) {
        error = spawn_arranged(path, argv, &actions, &attributes, fds, pid);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static int spawn_with_options(const char *path, const struct fan_child_options *options,
                              const int fds[2], pid_t *pid)
{
    const struct {
        const char *name;
        uint64_t value;
    } numbers[NUMBERS] = {
        {"--seed", options->seed},
        {"--workers", options->workers},
        {"--items", options->items},
        {"--pace", options->pace_ns},
        {"--budget", options->threads ? options->threads : FAN_CHILD_THREADS},
        {"--memory", options->memory_bytes ? options->memory_bytes : UINT64_C(1) << 30},
        {"--cpu", options->cpu_s ? options->cpu_s : FAN_CHILD_CPU_S},
        {"--segment", SEGMENT_THERE},
        {"--parent", (uint64_t)getpid()},
    };
    char texts[NUMBERS][24];
    char *argv[1 + 4 + 2 * NUMBERS + 1] = {(char *)helper_name, "--scenario",
                                           (char *)options->scenario, "--variant",
                                           (char *)options->variant};
    for (int i = 0; i < NUMBERS; i++) {
        snprintf(texts[i], sizeof texts[i], "%" PRIu64, numbers[i].value);
        argv[5 + 2 * i] = (char *)numbers[i].name;
        argv[6 + 2 * i] = texts[i];
    }
    return spawn(path, argv, fds, pid);
}

static int start_with(const char *path, const struct fan_child_options *options, int segment,
                      const int ends[2], struct fan_child *child, char why[WHY])
{
    pid_t pid;
    int error = spawn_with_options(path, options, (const int[2]){segment, ends[1]}, &pid);
    if (error)
        return fail(why, error, path);
    *child = (struct fan_child){.pid = pid, .segment = segment, .errors = ends[0]};
    child->pidfd = pidfd_open(pid, 0);
    if (child->pidfd < 0 && errno != ENOSYS) {
        error = errno;
        kill(-pid, SIGKILL);
        waitpid(pid, NULL, 0);
        return fail(why, error, "pidfd_open");
    }
    return 0;
}

int fan_child_start(const struct fan_child_options *options, struct fan_child *child, char why[WHY])
{
    char path[4096];
    int segment, ends[2];
    int error = fan_child_helper(options, path, sizeof path, why);
    if (error)
        return error;
    error = open_segment(&segment);
    if (error)
        return fail(why, error, "memory to share with the child");
    error = open_errors(ends);
    if (error) {
        close(segment);
        return fail(why, error, "a pipe from the child");
    }
    error = start_with(path, options, segment, ends, child, why);
    close(ends[1]);
    if (error) {
        close(ends[0]);
        close(segment);
    }
    return error;
}

/* While the child is a zombie its number is not given to anybody else, so what is left of its group
 * can be killed by that number. */
static void kill_group_and_reap(struct fan_child *child)
{
    kill(-child->pid, SIGKILL);
    kill(child->pid, SIGKILL); /* it may have left the group */
    while (waitpid(child->pid, &child->status, 0) < 0 && errno == EINTR)
        ;
    child->pid = -1;
}

bool fan_child_ended(struct fan_child *child)
{
    if (child->pid <= 0)
        return true;
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid == 0)
        return false;
    kill_group_and_reap(child);
    return true;
}

void fan_child_close(struct fan_child *child)
{
    if (child->pid == 0)
        return;
    if (child->pid > 0)
        kill_group_and_reap(child);
    if (child->pidfd >= 0)
        close(child->pidfd);
    close(child->segment);
    close(child->errors);
    *child = (struct fan_child){.status = child->status};
}
