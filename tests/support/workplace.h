#ifndef FAN_TESTS_SUPPORT_WORKPLACE_H
#define FAN_TESTS_SUPPORT_WORKPLACE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Where a test runs commands on C files: an empty working directory, and an empty TMPDIR. Both must
 * be empty again in the end, and nobody may live whose program was compiled there.
 */
void workplace_begin(void);
void workplace_end(void);

/* Begins as well; nobody's progress is kept. */
void workplace_begin_without_home(void);

/* The absolute path of a file in the working directory. Valid until the next call. */
const char *workplace_path(const char *name);

/* Writes and removes a file in the working directory; both must succeed. */
void workplace_write(const char *name, const char *text);
void workplace_remove(const char *name);

/* Whether a process lives whose program was compiled for a command. */
bool workplace_is_alive(void);

#endif
