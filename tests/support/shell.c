#define _GNU_SOURCE
#include "tests/support/shell.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

struct shell {
    pid_t job;
    int terminal, commands, reports, deaths;
    struct termios modes;
};

static void set_environment(const char *const *env)
{
    for (; env && *env; env++) {
        if (strchr(*env, '='))
            putenv(strdup(*env));
        else
            unsetenv(*env);
    }
}

static void restore_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
}

static _Noreturn void become_job(const struct shell_job *job, int terminal)
{
    setpgid(0, 0);
    signal(SIGTTOU, SIG_IGN);
    tcsetpgrp(terminal, getpid());
    restore_signals();
    for (int fd = 0; fd <= 2; fd++)
        dup2(terminal, fd);
    closefrom(3);
    setenv("TERM", "xterm-256color", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("FANLAB_FRAMES", "1", 1);
    setenv("XDG_STATE_HOME", "/dev/null", 1); /* tests keep nothing, unless they say where */
    unsetenv("NO_COLOR");
    set_environment(job->env);
    execv(job->argv[0], (char *const *)job->argv);
    fprintf(stderr, "cannot run %s: %s\n", job->argv[0], strerror(errno));
    _exit(127);
}

/* A test that has gone needs no report, so what fails here does not matter. */
static void report(const struct shell *shell, int status)
{
    struct shell_report line = {.pid = shell->job, .status = status};
    ssize_t reported = write(shell->reports, &line, sizeof line);
    ssize_t marked = write(shell->terminal, SHELL_REPORT_MARK, strlen(SHELL_REPORT_MARK));
    (void)reported;
    (void)marked;
}

/* A shell takes the terminal and its modes back when its job stops. */
static void collect_changes(struct shell *shell)
{
    struct signalfd_siginfo info;
    while (read(shell->deaths, &info, sizeof info) > 0)
        continue;
    int status;
    while (waitpid(shell->job, &status, WUNTRACED | WNOHANG) > 0) {
        tcsetpgrp(shell->terminal, getpid());
        if (WIFSTOPPED(status))
            tcsetattr(shell->terminal, TCSANOW, &shell->modes);
        report(shell, status);
    }
}

/* False when the test has gone. */
static bool obey(const struct shell *shell)
{
    char command;
    if (read(shell->commands, &command, 1) <= 0)
        return false;
    if (command == SHELL_CONTINUE) {
        tcsetpgrp(shell->terminal, shell->job);
        kill(-shell->job, SIGCONT);
    }
    return true;
}

static void prepare_signals(struct shell *shell)
{
    sigset_t deaths;
    sigemptyset(&deaths);
    sigaddset(&deaths, SIGCHLD);
    sigprocmask(SIG_BLOCK, &deaths, NULL);
    shell->deaths = signalfd(-1, &deaths, SFD_NONBLOCK | SFD_CLOEXEC);
    signal(SIGTTOU, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

_Noreturn void shell_lead(const struct shell_job *job, int terminal, int commands, int reports)
{
    struct shell shell = {.terminal = terminal, .commands = commands, .reports = reports};
    setsid();
    ioctl(terminal, TIOCSCTTY, 0);
    tcgetattr(terminal, &shell.modes);
    prepare_signals(&shell);
    shell.job = fork();
    if (shell.job == 0)
        become_job(job, terminal);
    setpgid(shell.job, shell.job);
    struct shell_report first = {.pid = shell.job};
    if (write(reports, &first, sizeof first) < 0)
        _exit(1);
    struct pollfd wait[] = {{.fd = commands, .events = POLLIN},
                            {.fd = shell.deaths, .events = POLLIN}};
    bool test_lives = true;
    while (test_lives) {
        if (poll(wait, 2, -1) < 0)
            continue;
        if (wait[1].revents)
            collect_changes(&shell);
        if (wait[0].revents)
            test_lives = obey(&shell);
    }
    kill(-shell.job, SIGKILL);
    _exit(0);
}
