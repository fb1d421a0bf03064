#ifndef FAN_TESTS_SUPPORT_SCRATCH_H
#define FAN_TESTS_SUPPORT_SCRATCH_H

/* A directory of a test's own, below TMPDIR or else /tmp: empty, and the test's to remove. What a
 * test leaves that fails, .ci/run-tests takes away. */
enum { SCRATCH_PATH = 128 };

/* Makes one, or fails the test. */
void scratch_make(char path[SCRATCH_PATH]);

#endif
