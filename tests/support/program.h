#ifndef FAN_TESTS_SUPPORT_PROGRAM_H
#define FAN_TESTS_SUPPORT_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * A program run from a test without a terminal: its arguments, what it printed, how it ended.
 */
struct program_options {
    const char *const *argv; /* ends in NULL; argv[0] is a path */
    int out;                 /* its standard output; 0 = captured, PROGRAM_CLOSED = none */
    unsigned descriptors;    /* a limit on open ones; 0 = as it is */
};

enum { PROGRAM_CLOSED = -1 };

struct program {
    pid_t pid;
    int out, err; /* files that capture */
};

struct program_result {
    int code; /* its exit status, 128 + n after signal n */
    char out[256 * 1024], err[8192];
};

void program_start(const struct program_options *options, struct program *program);

/* Waits for its end. The test's time limit bounds the wait. */
void program_finish(struct program *program, struct program_result *result);

/* Both. */
void program_run(const char *const *argv, struct program_result *result);

/* The id of a living process whose executable lies at `path` and that is not `other`; 0 if there is
 * none. */
pid_t program_alive(const char *path, pid_t other);

#endif
