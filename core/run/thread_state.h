#ifndef FAN_RUN_THREAD_STATE_H
#define FAN_RUN_THREAD_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/probe.h"
#include "base/random.h"
#include "run/lock.h"
#include "run/wait.h"

/* What stands behind a `struct fan_thread *`, for the library's own use. */
struct fan_thread {
    uint64_t id;
    char name[FAN_PROBE_NAME];
    struct fan_probe_thread *slot; /* own; NULL where no observer is or no slot was free */
    uint16_t slot_index;
    struct fan_wait wait;
    struct fan_random random; /* own: which ready case a select takes */
    void (*run)(void *);
    void *argument;
    struct fan_lock guard; /* for the three below */
    bool ended;
    struct fan_waitq joiners;
    unsigned references; /* the thread itself, and who will join it */
};

extern _Thread_local struct fan_thread *fan_thread_current;

/* The body that a backend calls once for each thread it has started. */
void fan_thread_main(struct fan_thread *thread);

/* Registers the calling thread, which the library did not start; and takes note that it ends. */
struct fan_thread *fan_thread_adopt_stranger(void);
void fan_thread_stranger_ends(struct fan_thread *stranger);

/* The calling thread, registered if it was not. */
static inline struct fan_thread *fan_thread_here(void)
{
    struct fan_thread *self = fan_thread_current;
    return __builtin_expect(self != NULL, 1) ? self : fan_thread_adopt_stranger();
}

/* Notes for an observer that `self` operates on an object, called from `pc`. */
static inline void fan_thread_operates(struct fan_thread *self, enum fan_probe_op op,
                                       const struct fan_probe_object *object, void *pc)
{
    struct fan_probe_thread *slot = self->slot;
    if (!slot)
        return;
    fan_probe_count(&slot->operations, 1);
    FAN_PROBE_SET(slot->last_pc, (uint64_t)(uintptr_t)pc);
    FAN_PROBE_SET(slot->last, fan_probe_last(op, object));
}

#endif
