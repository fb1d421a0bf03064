#ifndef FAN_RUN_INNER_H
#define FAN_RUN_INNER_H

#include <stdbool.h>
#include <stddef.h>

#include "run/atomic.h"
#include "run/grain.h"

/* The library's own atomics, and what its own locks and atomics protect. With real threads, and at
 * the coarse grain, where an operation of the library is one step, these are the compiler's
 * builtins and nothing else. At the fine grain each atomic is a step, as run/atomic.h has it, and
 * the race detector learns from it just what its order says: so a release that is missing in the
 * library is found as a race, of what the program had marked or of what is marked here.
 *
 *     fan_inner_writes(slot, size);
 *     memcpy(slot, element, size);
 *     fan_inner_store(&end->passed, end->passed + 1, FAN_RELEASE);
 */
#ifdef FAN_SIM

void fan_inner_announce_at(const volatile void *pointer, bool writes, void *pc);
void fan_inner_ordered_at(const volatile void *pointer, enum fan_atomic_how how, int order);
void fan_inner_accesses_at(const volatile void *address, size_t bytes, bool writes);

static inline void fan_inner_announce(const volatile void *pointer, bool writes)
{
    if (fan_grain_is_fine)
        fan_inner_announce_at(pointer, writes, __builtin_return_address(0));
}

static inline void fan_inner_accessed(const volatile void *pointer, size_t bytes,
                                      enum fan_atomic_how how, int order, const char *text)
{
    (void)bytes, (void)text;
    if (fan_grain_is_fine)
        fan_inner_ordered_at(pointer, how, order);
}

#define fan_inner_load(pointer, order)         FAN_STEP_LOAD(fan_inner, pointer, order)
#define fan_inner_store(pointer, value, order) FAN_STEP_STORE(fan_inner, pointer, value, order)
#define fan_inner_exchange(pointer, value, order)                                                  \
    FAN_STEP_UPDATE(fan_inner, exchange_n, pointer, value, order)
#define fan_inner_fetch_add(pointer, value, order)                                                 \
    FAN_STEP_UPDATE(fan_inner, fetch_add, pointer, value, order)
#define fan_inner_compare_exchange(pointer, expected, desired, order, otherwise)                   \
    FAN_STEP_COMPARE(fan_inner, pointer, expected, desired, order, otherwise)

#else

#define fan_inner_load             fan_atomic_load
#define fan_inner_store            fan_atomic_store
#define fan_inner_exchange         fan_atomic_exchange
#define fan_inner_fetch_add        fan_atomic_fetch_add
#define fan_inner_compare_exchange fan_atomic_compare_exchange

#endif

/* Marks a plain access to what another thread accesses too, just before it. Not a step. */
static inline void fan_inner_reads(const volatile void *address, size_t bytes)
{
#ifdef FAN_SIM
    if (fan_grain_is_fine)
        fan_inner_accesses_at(address, bytes, false);
#else
    (void)address, (void)bytes;
#endif
}

static inline void fan_inner_writes(const volatile void *address, size_t bytes)
{
#ifdef FAN_SIM
    if (fan_grain_is_fine)
        fan_inner_accesses_at(address, bytes, true);
#else
    (void)address, (void)bytes;
#endif
}

#endif
