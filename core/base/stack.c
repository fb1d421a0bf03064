/* No locks: the only state is the calling thread's own bounds.
 *
 * A frame is two words on x86-64 and aarch64 alike: the caller's frame pointer, then the return
 * address. Each step must go up, stay aligned and stay inside the bounds; anything else ends the
 * walk, so a register that holds something other than a frame pointer costs a short stack, never a
 * wild read. */
#include "base/stack.h"

#include <stddef.h>

_Thread_local struct fan_stack_bounds fan_stack_bounds_of_thread;

struct frame {
    const struct frame *caller;
    uintptr_t return_address;
};

struct fan_stack_bounds fan_stack_bounds_here(void)
{
    return fan_stack_bounds_of_thread;
}

struct fan_stack_bounds fan_stack_bounds(void)
{
    return fan_stack_bounds_of_thread;
}

static int is_a_frame(uintptr_t at)
{
    struct fan_stack_bounds bounds = fan_stack_bounds_of_thread;
    return at % sizeof(uintptr_t) == 0 && at >= bounds.low && bounds.high >= sizeof(struct frame) &&
           at <= bounds.high - sizeof(struct frame);
}

__attribute__((no_sanitize("address"))) static void follow(struct fan_stack *stack, uintptr_t at,
                                                           unsigned skip)
{
    while (stack->depth < FAN_STACK_FRAMES && is_a_frame(at)) {
        const struct frame *frame = (const struct frame *)at;
        if (frame->return_address == 0)
            return;
        if (skip > 0)
            skip--;
        else
            stack->frames[stack->depth++] = frame->return_address;
        if ((uintptr_t)frame->caller <= at)
            return;
        at = (uintptr_t)frame->caller;
    }
}

void fan_stack_capture(struct fan_stack *stack, unsigned skip)
{
    stack->depth = 0;
    follow(stack, (uintptr_t)__builtin_frame_address(0), skip);
}

void fan_stack_capture_from(struct fan_stack *stack, uintptr_t pc, uintptr_t frame)
{
    stack->depth = 0;
    stack->frames[stack->depth++] = pc;
    follow(stack, frame, 0);
}
