#ifndef FAN_RUN_ANNOUNCE_H
#define FAN_RUN_ANNOUNCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/probe.h"
#include "sim/op.h"

/* Every operation of the library begins by announcing itself, before it looks at anything and while
 * it holds no lock. With real threads that is nothing at all; under the controlled scheduler
 * (FAN_SIM) it is where the thread waits for its turn, and what follows, up to the next
 * announcement or park, is one step. At the fine grain it sees not these operations but what they
 * are made of: the library's locks, parks and atomics (run/inner.h).
 *
 * An operation that would park where it cannot proceed says with `ready` when it can, and is not
 * run before: then it never parks. One that others must be able to see waiting (it meets a partner,
 * or has a place in a queue that counts) leaves `ready` NULL, arrives, parks, and resumes. */
struct fan_announcement {
    enum fan_probe_op op;
    void *pc;           /* the return address of the public function */
    const void *object; /* what it touches; NULL = nothing that others touch */
    enum fan_touch_mode mode;
    const uint64_t *passed; /* with FAN_TOUCH_PUT and _TAKE, see sim/op.h */
    uint64_t capacity;
    const void *context; /* a context, or something else, that it only looks at; NULL = none */
    /* Further objects that it may write to: writes at most FAN_OP_TOUCHES - 2, returns how many. */
    size_t (*more)(const void *argument, const void **objects);
    bool (*ready)(const void *argument);
    const void *argument;
    uint64_t deadline_ns;
};

#ifdef FAN_SIM
void fan_announce_to_scheduler(const struct fan_announcement *what);
void fan_announce_plain_to_scheduler(enum fan_probe_op op, const void *object,
                                     enum fan_touch_mode mode, void *pc);
#endif

static inline void fan_announce(const struct fan_announcement *what)
{
#ifdef FAN_SIM
    fan_announce_to_scheduler(what);
#else
    (void)what;
#endif
}

/* Some uses of an object are to be ordered by the program, and not by the object: one that makes a
 * group wait for more, and the wait. Two of different kinds that nothing orders are a misuse.
 * `what` is what messages call the object. */
enum fan_use {
    FAN_USE_ADDS,
    FAN_USE_WAITS,
};

#ifdef FAN_SIM
void fan_sim_watch_use(const void *object, enum fan_use use, const char *what);
void fan_sim_watch_acquire(const volatile void *object);
#endif

static inline void fan_announce_use(const void *object, enum fan_use use, const char *what)
{
#ifdef FAN_SIM
    fan_sim_watch_use(object, use, what);
#else
    (void)object, (void)use, (void)what;
#endif
}

/* For who has waited in a queue for what several others had to do, and was woken by the last of
 * them: what the others did before has happened too. (What the waker did, its wake-up orders.) */
static inline void fan_announce_learns(const void *object)
{
#ifdef FAN_SIM
    fan_sim_watch_acquire(object);
#else
    (void)object;
#endif
}

/* An operation that can always proceed and touches one object. */
static inline void fan_announce_plain(enum fan_probe_op op, const void *object,
                                      enum fan_touch_mode mode, void *pc)
{
#ifdef FAN_SIM
    fan_announce_plain_to_scheduler(op, object, mode, pc);
#else
    (void)op, (void)object, (void)mode, (void)pc;
#endif
}

#endif
