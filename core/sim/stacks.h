#ifndef FAN_SIM_STACKS_H
#define FAN_SIM_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A pool of equal stacks for fibers, each with memory below it that nobody may touch, so that a
 * stack that overflows faults at once. Stacks are known by their index, counted from 0; the memory
 * of one that was given back is kept for the next.
 *
 *     uint32_t index;
 *     if (fan_stacks_get(&stacks, &index) == 0)
 *         fan_fiber_init(&fiber, fan_stacks_low(&stacks, index), stacks.stack_size, ...);
 *
 * What a program reads that it never wrote is the same in every run: fan_stacks_reset makes the
 * pool as it was when new. The stacks are handed out in the same order again, at the same
 * addresses, and all that was written to them is zero again, to the page: the pages ever written
 * to are known from the system, and these few are cleared (40 ns each). Within a run a
 * stack that is used again holds what its last user left, which is the same whenever the schedule
 * is. The scheduler leaves its own traces on the stacks that it runs on, and these are the same
 * only where it took the same way.
 *
 * For one thread; a pool belongs to the process that made it and is no good in a forked child. */
struct fan_stacks {
    size_t stack_size; /* bytes of each, whole pages */
    uint32_t count;
    char *region;
    uint32_t begun;    /* stacks 0 to begun-1 were handed out since the last reset */
    uint32_t opened;   /* the same since the pool was made */
    uint32_t returned; /* how many of those wait in `free` to be handed out again */
    uint32_t *free;
    uint32_t *written_pages; /* of each stack, from its top, since the pool was made */
    long faults;             /* page faults of this thread when that was last looked at */
    size_t table_bytes;
};

enum { FAN_STACKS_DEFAULT_SIZE = 64 << 10, FAN_STACKS_GUARD = 16 << 10 };

/* Makes a pool of `count` stacks of `stack_size` bytes (0: 64 KiB) at address `wanted` if that is
 * free (sim/region.h). Address space is all it takes until stacks are used. Returns 0, EINVAL for
 * no stacks or too many, or ENOMEM. */
int fan_stacks_init(struct fan_stacks *stacks, uintptr_t wanted, size_t stack_size, uint32_t count);

void fan_stacks_destroy(struct fan_stacks *stacks);

/* Takes a stack: the one that was last put back, else the next. Returns 0, EAGAIN if all are taken,
 * ENOMEM. */
int fan_stacks_get(struct fan_stacks *stacks, uint32_t *index);

/* Gives a stack back, which no fiber may be on. */
void fan_stacks_put(struct fan_stacks *stacks, uint32_t index);

/* Takes all stacks back and makes them as new. */
void fan_stacks_reset(struct fan_stacks *stacks);

/* The lowest address of a stack. */
void *fan_stacks_low(const struct fan_stacks *stacks, uint32_t index);

/* Whether a fault at this address is a stack that overflowed, and which. May be called from a
 * signal handler, which needs a stack of its own for that (sigaltstack(2)). */
bool fan_stacks_owner(const struct fan_stacks *stacks, uintptr_t fault_address, uint32_t *index);

#endif
