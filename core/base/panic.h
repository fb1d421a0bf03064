#ifndef FAN_BASE_PANIC_H
#define FAN_BASE_PANIC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/stack.h"

/* A panic: the program did what no program may do (closed a channel twice, unlocked a lock it does
 * not hold). Go has the same word and the same idea; in C the nearest thing is a failed assert.
 *
 * It ends the program with a message, the stack of the thread that did it and, where two places
 * are at odds, the stack of the earlier one. Inside a recover scope it ends the scope instead:
 *
 *     struct fan_panic panic;
 *     if (!fan_recover(parse, request, &panic))
 *         fprintf(stderr, "bad request: %s\n", panic.message);
 *
 * What the abandoned call had allocated stays allocated, and a lock that it held can never be
 * released rightly: ending a scope with a lock held is itself a misuse, which no scope catches. */
enum fan_panic_kind {
    FAN_PANIC_PLAIN,
    FAN_PANIC_MISUSE, /* a lock or a thread used against its rules */
    FAN_PANIC_SIGNAL, /* the program crashed: a bad pointer, an abort */
};

struct fan_panic {
    enum fan_panic_kind kind;
    char message[160];
    struct fan_stack stack; /* of the thread that panicked */
    const char
        *earlier_what; /* what happened at `earlier`, as "first closed"; NULL if nothing did */
    struct fan_stack earlier;
    uint64_t object; /* the probe's id of the object concerned, 0 if none */
};

/* Panics with a message. Does not return: the program aborts, or the innermost recover scope of
 * this thread returns false. */
_Noreturn void fan_panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Panics because the object with this probe id (0 = none) was used against its rules. */
_Noreturn void fan_panic_misuse(uint64_t object, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Panics with everything filled in but the stack, which is taken here. `panic` may live on the
 * caller's stack. */
_Noreturn void fan_panic_raise(const struct fan_panic *panic);

/* Calls run(argument) in a recover scope. Returns true if it returned, false if it panicked, and
 * then writes what happened to `panic`, unless that is NULL. Scopes nest; each belongs to the
 * thread that opened it. */
bool fan_recover(void (*run)(void *), void *argument, struct fan_panic *panic);

/* Whether a scope would catch a panic of the calling thread. */
bool fan_panic_is_caught(void);

/* Goes on with a panic that fan_recover has caught, its stack unchanged, as if it had not: for who
 * only has something to put in order on the way. */
_Noreturn void fan_panic_again(const struct fan_panic *panic);

#endif
