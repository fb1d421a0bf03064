#ifndef FAN_LAB_CRASH_H
#define FAN_LAB_CRASH_H

#include "base/stack.h"

/* A crash's last words. Once installed, a signal that means a crash (a bad pointer, a division by
 * zero, an abort) is written into the segment as a panic of kind FAN_PANIC_SIGNAL, with the stack
 * of the thread that crashed; then the signal takes its usual course and ends the process. A signal
 * that another process sent is no crash and leaves no words.
 *
 * A stack that overflows is told from a wild pointer by the address: it lies just below the stack.
 *
 * The handler of the calling thread runs on a stack of its own, so a stack overflow is told of as
 * well. Other threads have none: where one of them overflows its stack the process ends by SIGSEGV
 * without words, which the parent sees.
 *
 * To be called once, in the main thread. Errors: ENOMEM, those of sigaltstack(2). */
int fan_crash_install(void);

/* From now on SIGXCPU leaves words as well, whoever sends it: where the thread that runs then is.
 * After fan_crash_install. Errors: those of sigaction(2). */
int fan_crash_answer(void);

/* Captures the stack of the program behind the C library that has called the calling function.
 * After fan_crash_install. */
void fan_crash_capture(struct fan_stack *stack);

#endif
