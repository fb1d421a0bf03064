#ifndef FAN_SIM_ARENA_H
#define FAN_SIM_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The memory of a program under exploration, for one run: what malloc and its kin give it, thrown
 * away as a whole before the next run, so that a program that leaks can be run a million times.
 *
 *     void *block;
 *     if (fan_arena_alloc(&arena, FAN_ARENA_ALIGNMENT, 100, &block) == FAN_ARENA_EXHAUSTED)
 *         ...
 *     enum fan_arena_verdict verdict = fan_arena_free(&arena, block);
 *
 * The same calls in the same order yield the same addresses with the same contents, in every run
 * and, where the arena lies where it was wanted, in every process: allocation goes up, new memory
 * is all zeroes, and freed memory is not given out again in this run. A read after free therefore
 * finds the poison (bytes of 0xdf), and a second free is recognised for certain.
 *
 * What is wrong with a call is told by its verdict and changes nothing; reporting it is for the
 * caller. Not thread-safe: fibers of one thread, not threads, may share it. */
struct fan_arena {
    char *low;
    size_t limit; /* bytes that a run may take, headers and freed blocks included */
    size_t used;
    size_t live_blocks; /* allocated and not freed: what a run leaks, at its end */
    size_t live_bytes;
};

enum { FAN_ARENA_ALIGNMENT = 16, FAN_ARENA_POISON = 0xdf };

enum fan_arena_verdict {
    FAN_ARENA_FINE,
    FAN_ARENA_EXHAUSTED,   /* the limit is reached; there is no block */
    FAN_ARENA_FOREIGN,     /* a pointer that no allocation of this run returned */
    FAN_ARENA_DOUBLE_FREE, /* it was freed before in this run */
    FAN_ARENA_OVERRUN,     /* the bytes before the block were overwritten: its size is lost */
};

/* Reserves an arena at `wanted` if that is free (sim/region.h). Only what a run uses takes memory.
 * Returns 0, EINVAL for a limit of 0 or one beyond reason, or ENOMEM. */
int fan_arena_init(struct fan_arena *arena, uintptr_t wanted, size_t limit);

void fan_arena_destroy(struct fan_arena *arena);

/* Forgets all blocks and zeroes what was used, in time proportional to that. */
void fan_arena_reset(struct fan_arena *arena);

/* Allocates `size` zeroed bytes (0 is as good as any) at a multiple of `alignment`, a power of two.
 * FINE or EXHAUSTED. */
enum fan_arena_verdict fan_arena_alloc(struct fan_arena *arena, size_t alignment, size_t size,
                                       void **block);

/* The same for an array; a product beyond all numbers is EXHAUSTED too. */
enum fan_arena_verdict fan_arena_calloc(struct fan_arena *arena, size_t count, size_t size,
                                        void **block);

/* Moves a block, always, so that who kept the old address is found out. `block` NULL allocates;
 * where there is no room the old block stays. */
enum fan_arena_verdict fan_arena_realloc(struct fan_arena *arena, void *block, size_t size,
                                         void **moved);

/* Poisons a block; NULL is fine. */
enum fan_arena_verdict fan_arena_free(struct fan_arena *arena, void *block);

/* Whether an address is in what this run has used: for who says of a fault what it hit. */
bool fan_arena_holds(const struct fan_arena *arena, uintptr_t address);

/* The size that was asked for; the block must be live or freed in this run. */
size_t fan_arena_size(const void *block);

#endif
