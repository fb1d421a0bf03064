#ifndef FAN_BASE_STACK_H
#define FAN_BASE_STACK_H

#include <stdint.h>

/* A call stack: return addresses, innermost first. Addresses only; who reads it turns them into
 * file and line, in another process if need be (watch/symbols.h).
 *
 * It is taken by following frame pointers, so it sees the functions that were compiled with
 * -fno-omit-frame-pointer (fanlab's own, and a program's that asks for it) and ends at the first
 * one that was not, libc's among them. That is what makes it cost 2 ns a frame instead of 2 us. */
enum { FAN_STACK_FRAMES = 24 };

struct fan_stack {
    uint32_t depth;
    uintptr_t frames[FAN_STACK_FRAMES];
};

/* The bounds of the calling thread's stack; frames outside them are not followed. A thread sets its
 * own before the first capture. */
struct fan_stack_bounds {
    uintptr_t low, high;
};

extern _Thread_local struct fan_stack_bounds fan_stack_bounds_of_thread;

static inline void fan_stack_set_bounds(struct fan_stack_bounds bounds)
{
    fan_stack_bounds_of_thread = bounds;
}

struct fan_stack_bounds fan_stack_bounds(void);
struct fan_stack_bounds fan_stack_bounds_here(void);

/* Captures the stack of the function that calls this one, leaving out its innermost `skip` callers'
 * frames. Never blocks, never allocates, may be called from a signal handler. */
__attribute__((noinline)) void fan_stack_capture(struct fan_stack *stack, unsigned skip);

/* Captures from a frame pointer and a program counter that were read elsewhere, such as a signal
 * handler's context; both must be the calling thread's. */
void fan_stack_capture_from(struct fan_stack *stack, uintptr_t pc, uintptr_t frame);

#endif
