#define _GNU_SOURCE
#include "tests/support/program.h"

#include <check.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int new_capture(void)
{
    int fd = memfd_create("captured", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

/* Check's own handlers would kill the test when a signal comes before the program has begun. */
static void forget_handlers(void)
{
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn static void become(const struct program_options *options, const struct program *program)
{
    int out = options->out ? options->out : program->out;
    if (options->descriptors)
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){options->descriptors, options->descriptors});
    dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
    dup2(program->err, STDERR_FILENO);
    if (out == PROGRAM_CLOSED)
        close(STDOUT_FILENO);
    else
        dup2(out, STDOUT_FILENO);
    forget_handlers();
    execv(options->argv[0], (char *const *)options->argv);
    _exit(127);
}

void program_start(const struct program_options *options, struct program *program)
{
    sigset_t all, before;
    program->out = new_capture();
    program->err = new_capture();
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    program->pid = fork();
    if (program->pid == 0)
        become(options, program);
    sigprocmask(SIG_SETMASK, &before, NULL);
    ck_assert_int_ge(program->pid, 0);
}

static void read_back(int fd, char *text, size_t size)
{
    ssize_t length = pread(fd, text, size - 1, 0);
    ck_assert_int_ge(length, 0);
    text[length] = '\0';
    close(fd);
}

void program_finish(struct program *program, struct program_result *result)
{
    int status;
    ck_assert_int_eq(waitpid(program->pid, &status, 0), program->pid);
    result->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    read_back(program->out, result->out, sizeof result->out);
    read_back(program->err, result->err, sizeof result->err);
}

void program_run(const char *const *argv, struct program_result *result)
{
    struct program program;
    program_start(&(struct program_options){.argv = argv}, &program);
    program_finish(&program, result);
}

pid_t program_alive(const char *path, pid_t other)
{
    DIR *processes = opendir("/proc");
    pid_t found = 0;
    for (struct dirent *entry; (entry = readdir(processes)) != NULL;) {
        char link[300], executable[PATH_MAX];
        if (!isdigit((unsigned char)entry->d_name[0]) || atoi(entry->d_name) == other)
            continue;
        snprintf(link, sizeof link, "/proc/%s/exe", entry->d_name);
        ssize_t length = readlink(link, executable, sizeof executable - 1);
        if (length < 0)
            continue;
        executable[length] = '\0';
        if (strcmp(executable, path) == 0)
            found = atoi(entry->d_name);
    }
    closedir(processes);
    return found;
}
