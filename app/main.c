#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"

static int run(int argc, char **argv)
{
    if (argc < 2 || argv[1][0] == '-')
        return fan_command_tui.run(argc, argv);
    const struct fan_command *command = fan_command_find(argv[1]);
    if (command)
        return command->run(argc - 1, argv + 1);
    fprintf(stderr, "fanlab: no such command: %.40s\n", argv[1]);
    fan_command_usage(stderr);
    return FAN_EXIT_USAGE;
}

/* A standard descriptor that is closed would be taken by the next thing opened, and messages would
 * go into that. The other way round than it is used, so that its use still fails. */
static void occupy_standard_descriptors(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* What was printed may still be on its way: only now is it known whether it got there. */
static int close_output(int code)
{
    bool failed = ferror(stdout);
    if (fflush(stdout) != 0)
        fprintf(stderr, "fanlab: cannot write the output: %s\n", strerror(errno));
    else if (failed)
        fprintf(stderr, "fanlab: cannot write all of the output\n");
    else
        return code;
    return FAN_EXIT_LACKING;
}

int main(int argc, char **argv)
{
    occupy_standard_descriptors();
    signal(SIGPIPE, SIG_IGN);
    return close_output(run(argc, argv));
}
