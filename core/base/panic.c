/* No locks: scopes and the count of held locks belong to one thread each. */
#include "base/panic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/panic_state.h"
#include "base/probe.h"

struct scope {
    struct scope *outer;
    jmp_buf resume;
    int locks_held;
    struct fan_panic panic;
};

_Thread_local struct fan_panic_state fan_panic_state;

static void print_stack(const char *title, const struct fan_stack *stack)
{
    fprintf(stderr, "%s\n", title);
    for (uint32_t i = 0; i < stack->depth; i++)
        fprintf(stderr, "    %#lx\n", (unsigned long)stack->frames[i]);
}

static _Noreturn void end_the_program(const struct fan_panic *panic)
{
    if (!fan_probe_panicked(panic)) {
        fprintf(stderr, "panic: %s\n", panic->message);
        print_stack("  at", &panic->stack);
        if (panic->earlier_what)
            print_stack(panic->earlier_what, &panic->earlier);
    }
    abort();
}

static _Noreturn void end_the_scope(struct scope *scope, const struct fan_panic *panic)
{
    if (fan_panic_state.locks_held > scope->locks_held) {
        struct fan_panic misuse = *panic;
        misuse.kind = FAN_PANIC_MISUSE;
        snprintf(misuse.message, sizeof misuse.message,
                 "a lock is held where a panic was recovered (%.80s)", panic->message);
        end_the_program(&misuse);
    }
    scope->panic = *panic;
    longjmp(scope->resume, 1);
}

static _Noreturn void raise_panic(struct fan_panic *panic)
{
    if (fan_panic_state.innermost_scope)
        end_the_scope(fan_panic_state.innermost_scope, panic);
    end_the_program(panic);
}

void fan_panic(const char *format, ...)
{
    struct fan_panic panic = {.kind = FAN_PANIC_PLAIN};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(panic.message, sizeof panic.message, format, arguments);
    va_end(arguments);
    fan_stack_capture(&panic.stack, 0);
    raise_panic(&panic);
}

void fan_panic_misuse(uint64_t object, const char *format, ...)
{
    struct fan_panic panic = {.kind = FAN_PANIC_MISUSE, .object = object};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(panic.message, sizeof panic.message, format, arguments);
    va_end(arguments);
    fan_stack_capture(&panic.stack, 0);
    raise_panic(&panic);
}

void fan_panic_raise(const struct fan_panic *given)
{
    struct fan_panic panic = *given;
    fan_stack_capture(&panic.stack, 0);
    raise_panic(&panic);
}

void fan_panic_again(const struct fan_panic *caught)
{
    struct fan_panic panic = *caught;
    raise_panic(&panic);
}

bool fan_panic_is_caught(void)
{
    return fan_panic_state.innermost_scope != NULL;
}

bool fan_recover(void (*run)(void *), void *argument, struct fan_panic *panic)
{
    struct scope scope = {.outer = fan_panic_state.innermost_scope,
                          .locks_held = fan_panic_state.locks_held};
    bool returned = false;
    if (_setjmp(scope.resume) == 0) {
        fan_panic_state.innermost_scope = &scope;
        run(argument);
        fan_panic_state.innermost_scope = scope.outer;
        returned = true;
    } else {
        fan_panic_state.innermost_scope = scope.outer;
        if (panic)
            *panic = scope.panic;
    }
    return returned;
}
