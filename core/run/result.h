#ifndef FAN_RUN_RESULT_H
#define FAN_RUN_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/probe.h"

/* What came of an operation: the value that went through it, the error that it returns, the case
 * that a select took. Operations tell it as they end, to who writes down the story of one run under
 * the controlled scheduler. With real threads that is nothing at all; in an exploration, where
 * nobody listens, it is a look at a variable.
 *
 * What is told concerns the step that the calling thread is taking, and is looked at at once. At
 * the fine grain, where an operation takes many steps, only what names its operation (`op`) means
 * anything there: that it ends with this step. */
struct fan_result {
    enum fan_probe_op op; /* what was done; of a select: what its case does */
    uint64_t object;   /* to that, or to that of the case: the id that observers know; 0 = none */
    int error;         /* an errno value; 0 = it was done */
    const void *value; /* what was sent, received or read; NULL = nothing is known of it */
    size_t size;       /* of it, bytes */
    const char *text;  /* what the program calls what it operates on; NULL = see the object */
};

/* Who listens: one at a time in a process, as there is one scheduler (run/sim_backend.h). */
struct fan_result_listener {
    void (*hear)(void *state, const struct fan_result *result);
    void *state;
};

#ifdef FAN_SIM
extern const struct fan_result_listener *fan_result_listener; /* NULL = nobody listens */
#endif

/* Whether anybody listens. Who has to look at an object for what it would tell asks first: with
 * real threads the object may be gone by then. */
static inline bool fan_result_is_heard(void)
{
#ifdef FAN_SIM
    return __builtin_expect(fan_result_listener != NULL, 0);
#else
    return false;
#endif
}

static inline void fan_result_tell(const struct fan_result *result)
{
#ifdef FAN_SIM
    if (fan_result_is_heard())
        fan_result_listener->hear(fan_result_listener->state, result);
#else
    (void)result;
#endif
}

/* Tells, before it is done, what is about to be sent: it may end in a panic. */
static inline void fan_result_sending(const void *value, size_t size)
{
    fan_result_tell(&(struct fan_result){.value = value, .size = size});
}

/* Tells the name of an object that observers may not know yet. */
static inline void fan_result_name(const char *name)
{
    fan_result_tell(&(struct fan_result){.text = name});
}

/* Tells what an operation without a value returns, and returns it. */
static inline int fan_result_of(int error)
{
    fan_result_tell(&(struct fan_result){.error = error});
    return error;
}

#endif
