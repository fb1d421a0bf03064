#ifndef FAN_TESTS_SUPPORT_CLI_H
#define FAN_TESTS_SUPPORT_CLI_H

#include <jansson.h>

#include "tests/support/program.h"

/*
 * The command line, run by a test without a terminal. What the latest command gave is kept, and
 * looked at.
 */
extern const char cli_fanlab[]; /* its path */
extern struct program_result cli_result;

/* Runs fanlab with these words as its arguments. */
#define CLI_RUN(...) program_run((const char *const[]){cli_fanlab, __VA_ARGS__, NULL}, &cli_result)

/* Writes a C file, "mine.c", to the working directory (tests/support/workplace.h), runs it with
 * `fanlab run` in that runtime and with that option (NULL = none), and removes it. */
void cli_run_mine(const char *text, const char *runtime, const char *option);

/* It ended with this code and printed these words, to one of its outputs, on one line or, for want
 * of columns, on two; or did not print them. */
void cli_expect(int code, const char *words);
void cli_expect_no(const char *words);

/* No line of the text is longer than a terminal's. */
void cli_expect_columns(const char *text);

/* Its standard output, as one JSON value. The caller's. */
json_t *cli_json(void);

#endif
