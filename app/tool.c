#define _GNU_SOURCE
#include "app/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LOOK_MS = 20,       /* where the system cannot tell of an end (valgrind) */
    PATIENCE_MS = 1000, /* for one that is asked to stop */
};

extern char **environ;

/* It may write to a terminal that wants to hear of its foreground only. */
static int spawn_unstopped(const struct fan_tool *tool, posix_spawn_file_actions_t *actions,
                           posix_spawnattr_t *attributes, pid_t *pid)
{
    void (*before)(int) = signal(SIGTTOU, SIG_IGN);
    int error = posix_spawnp(pid, tool->argv[0], actions, attributes, tool->argv, environ);
    signal(SIGTTOU, before);
    return error;
}

static int spawn(const struct fan_tool *tool, int output, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    int error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (!error)
        error = spawn_unstopped(tool, &actions, &attributes, pid);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static enum fan_tool_end reap(pid_t pid, int *status)
{
    int how;
    while (waitpid(pid, &how, 0) < 0 && errno == EINTR)
        ;
    *status = WIFEXITED(how) ? WEXITSTATUS(how) : WTERMSIG(how);
    return WIFEXITED(how) ? FAN_TOOL_EXITED : FAN_TOOL_DIED;
}

static bool has_ended(pid_t pid)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

/* A compiler that is asked to stop takes its files with it; what does not listen is killed. */
static void stop(pid_t pid, int end)
{
    int status;
    kill(-pid, SIGTERM);
    poll(&(struct pollfd){.fd = end, .events = POLLIN}, 1, PATIENCE_MS);
    kill(-pid, SIGKILL);
    reap(pid, &status);
}

static enum fan_tool_end follow(pid_t pid, const struct fan_interrupt *interrupt, int *status)
{
    int end = pidfd_open(pid, 0), number = 0;
    struct pollfd sources[] = {{.fd = end, .events = POLLIN},
                               {.fd = interrupt->fd, .events = POLLIN}};
    while (!has_ended(pid) && (number = fan_interrupt_taken(interrupt)) == 0)
        poll(sources, 2, end < 0 ? LOOK_MS : -1);
    if (number)
        stop(pid, end);
    if (end >= 0)
        close(end);
    if (!number)
        return reap(pid, status);
    *status = number;
    return FAN_TOOL_STOPPED;
}

static enum fan_tool_end run(const struct fan_tool *tool, int output,
                             const struct fan_interrupt *interrupt, int *status)
{
    pid_t pid;
    *status = spawn(tool, output, &pid);
    return *status ? FAN_TOOL_UNUSABLE : follow(pid, interrupt, status);
}

enum fan_tool_end fan_tool_run(const struct fan_tool *tool, const struct fan_interrupt *interrupt,
                               int *status)
{
    if (!tool->output)
        return run(tool, STDERR_FILENO, interrupt, status);
    int output = memfd_create("output", MFD_CLOEXEC);
    if (output < 0) {
        *status = errno;
        return FAN_TOOL_UNUSABLE;
    }
    enum fan_tool_end end = run(tool, output, interrupt, status);
    ssize_t length = pread(output, tool->output, tool->size - 1, 0);
    tool->output[length > 0 ? length : 0] = '\0';
    close(output);
    return end;
}
