#ifndef FAN_TESTS_SUPPORT_SHELL_H
#define FAN_TESTS_SUPPORT_SHELL_H

#include <sys/types.h>

/*
 * The leader of a test terminal's session: a shell of one job. It starts one program in the
 * foreground of the terminal, tells each change of its state, and continues it on command. It
 * ends, and kills the job, when the command pipe closes.
 */

struct shell_job {
    const char *const *argv;
    const char *const *env; /* see struct terminal_options */
};

/* What the leader reports: first the pid of the job, then a status of waitpid for each change. The
 * mark follows on the terminal, behind everything that the job wrote before the change. */
#define SHELL_REPORT_MARK "\033]7771;change\a"

struct shell_report {
    pid_t pid;
    int status;
};

/* One byte each on the command pipe. */
enum shell_command { SHELL_CONTINUE = 'c' };

/* Runs in the forked leader; terminal is the slave side. Never returns. */
_Noreturn void shell_lead(const struct shell_job *job, int terminal, int commands, int reports);

#endif
