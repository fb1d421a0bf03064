#ifndef FAN_SIM_FIBER_H
#define FAN_SIM_FIBER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/stack.h"

/* FAN_FIBER_UCONTEXT asks for the C library's slow switch, which serves where no other is written,
 * and under a user shadow stack (CET), which the fast ones know nothing of. */
#if !defined(__x86_64__) && !defined(__aarch64__) && !defined(FAN_FIBER_UCONTEXT)
#define FAN_FIBER_UCONTEXT
#endif

#ifdef FAN_FIBER_UCONTEXT
#include <ucontext.h>
#endif

/* A fiber: a function with a stack of its own that runs until it hands the processor to another.
 * Also called coroutine or user-level thread; Windows has the same word, POSIX had ucontext(3).
 *
 * All fibers of a program run in one thread of the system, one at a time, and only where one calls
 * fan_fiber_switch does another go on. The thread's own stack becomes a fiber by being adopted:
 *
 *     struct fan_fiber home, worker;
 *     fan_fiber_adopt(&home);
 *     fan_fiber_init(&worker, stack, stack_size, work, argument);
 *     fan_fiber_switch(&home, &worker);      // work(argument) runs until it switches to home
 *
 * The entry function must not return (that panics): it ends by fan_fiber_leave. A fiber that is
 * never switched to again is simply forgotten; nothing on its stack is unwound.
 *
 * Registers are a fiber's own as in any call; the floating-point control words (rounding mode) are
 * the thread's, and so are errno and every other thread-local variable. The bounds that
 * fan_stack_capture keeps to follow the switch, and a walk up a fiber's stack, by frame pointers or
 * by a debugger, ends at its entry. */
struct fan_fiber {
    void *resume; /* the stack pointer of a fiber that does not run */
    const uintptr_t *frame;
    struct fan_stack_bounds bounds;
    void (*entry)(void *argument);
    void *argument;
    /* For ThreadSanitizer alone. A switch tells it that what was before happened before what
     * follows; a switch to an unordered fiber does not, so that it sees the races of the program
     * that runs on fibers. Set after init. */
    bool unordered;
    void *tsan;
    struct { /* for AddressSanitizer */
        void *fake_stack;
        const void *low;
        size_t size;
        struct fan_fiber *came_from;
    } asan;
#ifdef FAN_FIBER_UCONTEXT
    ucontext_t context;
#endif
};

/* Makes the calling thread's own stack a fiber, which is running. */
void fan_fiber_adopt(struct fan_fiber *fiber);

/* Makes a fiber that, when first switched to, calls entry(argument) on the `stack_size` bytes from
 * `stack_low`. The stack remains the caller's; what is left on it is of no account. */
void fan_fiber_init(struct fan_fiber *fiber, void *stack_low, size_t stack_size,
                    void (*entry)(void *), void *argument);

/* Ends the use of a fiber that does not run; its stack may be used anew. An adopted one needs none.
 */
void fan_fiber_destroy(struct fan_fiber *fiber);

/* Parks `from`, which must be the running fiber, and lets `to`, which must not be running, go on.
 * Returns when something switches to `from` again. */
void fan_fiber_switch(struct fan_fiber *from, struct fan_fiber *to);

/* The same for the last time: `from` is not to be switched to any more. */
_Noreturn void fan_fiber_leave(struct fan_fiber *from, struct fan_fiber *to);

/* Captures the stack of a parked fiber, innermost the function that called fan_fiber_switch; of one
 * that never ran, an empty one. */
void fan_fiber_capture(const struct fan_fiber *parked, struct fan_stack *stack);

#endif
