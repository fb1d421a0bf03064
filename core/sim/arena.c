/* No locks: for one thread.
 *
 * A header of 16 bytes lies before every block. Its check word depends on where the block lies and
 * on its size, so that a pointer into the middle of a block, or a header that was written over, is
 * told from a real one. */
#define _GNU_SOURCE
#include "sim/arena.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/region.h"

/* What a reset clears by hand; beyond it, giving the pages back is cheaper and frees them. */
enum { CLEARED_BY_HAND = 1 << 20 };

struct header {
    uint64_t size;
    uint32_t check;
    uint32_t state;
};

enum state { LIVE = 0x4c495645, FREED = 0x46524545 };

_Static_assert(sizeof(struct header) == FAN_ARENA_ALIGNMENT, "a header keeps blocks aligned");

static uint32_t check_word(const struct header *header)
{
    uint64_t mixed = ((uintptr_t)header ^ header->size << 20) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(mixed >> 32) | 1;
}

int fan_arena_init(struct fan_arena *arena, uintptr_t wanted, size_t limit)
{
    char *low;
    if (limit == 0 || limit > SIZE_MAX / 4)
        return EINVAL;
    limit = fan_region_round(limit);
    /* One page more, never opened, ends what runs past the end. */
    size_t bytes = limit + fan_region_page();
    int error = fan_region_reserve(wanted, bytes, &low);
    if (error)
        return error;
    if (fan_region_open(low, limit) != 0) {
        munmap(low, bytes);
        return ENOMEM;
    }
    *arena = (struct fan_arena){.low = low, .limit = limit};
    return 0;
}

void fan_arena_destroy(struct fan_arena *arena)
{
    if (arena->low)
        munmap(arena->low, arena->limit + fan_region_page());
    *arena = (struct fan_arena){.low = NULL};
}

/* To the end of the page, for what was written a little past the last block. */
void fan_arena_reset(struct fan_arena *arena)
{
    size_t used = fan_region_round(arena->used);
    size_t by_hand = used < CLEARED_BY_HAND ? used : CLEARED_BY_HAND;
    memset(arena->low, 0, by_hand);
    if (used > by_hand)
        madvise(arena->low + by_hand, used - by_hand, MADV_DONTNEED);
    *arena = (struct fan_arena){.low = arena->low, .limit = arena->limit};
}

static size_t round_up(size_t size)
{
    return (size + FAN_ARENA_ALIGNMENT - 1) & -(size_t)FAN_ARENA_ALIGNMENT;
}

enum fan_arena_verdict fan_arena_alloc(struct fan_arena *arena, size_t alignment, size_t size,
                                       void **block)
{
    uintptr_t low = (uintptr_t)arena->low;
    if (alignment < FAN_ARENA_ALIGNMENT)
        alignment = FAN_ARENA_ALIGNMENT;
    if (size > arena->limit || alignment > arena->limit)
        return FAN_ARENA_EXHAUSTED;
    uintptr_t at = (low + arena->used + sizeof(struct header) + alignment - 1) & -alignment;
    size_t used = at - low + round_up(size);
    if (used > arena->limit)
        return FAN_ARENA_EXHAUSTED;
    struct header *header = (struct header *)at - 1;
    header->size = size;
    header->check = check_word(header);
    header->state = LIVE;
    arena->used = used;
    arena->live_blocks++;
    arena->live_bytes += size;
    *block = (void *)at;
    return FAN_ARENA_FINE;
}

enum fan_arena_verdict fan_arena_calloc(struct fan_arena *arena, size_t count, size_t size,
                                        void **block)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return FAN_ARENA_EXHAUSTED;
    return fan_arena_alloc(arena, FAN_ARENA_ALIGNMENT, bytes, block);
}

static bool may_be_a_block(const struct fan_arena *arena, uintptr_t at)
{
    return at % FAN_ARENA_ALIGNMENT == 0 && fan_arena_holds(arena, at - sizeof(struct header));
}

static enum fan_arena_verdict judge(const struct fan_arena *arena, const void *block)
{
    if (!may_be_a_block(arena, (uintptr_t)block))
        return FAN_ARENA_FOREIGN;
    const struct header *header = (const struct header *)block - 1;
    bool says_live = header->state == LIVE, says_freed = header->state == FREED;
    if (header->check == check_word(header) && (says_live || says_freed))
        return says_live ? FAN_ARENA_FINE : FAN_ARENA_DOUBLE_FREE;
    return says_live || says_freed ? FAN_ARENA_OVERRUN : FAN_ARENA_FOREIGN;
}

enum fan_arena_verdict fan_arena_free(struct fan_arena *arena, void *block)
{
    if (!block)
        return FAN_ARENA_FINE;
    enum fan_arena_verdict verdict = judge(arena, block);
    if (verdict != FAN_ARENA_FINE)
        return verdict;
    struct header *header = (struct header *)block - 1;
    header->state = FREED;
    arena->live_blocks--;
    arena->live_bytes -= header->size;
    memset(block, FAN_ARENA_POISON, header->size);
    return FAN_ARENA_FINE;
}

enum fan_arena_verdict fan_arena_realloc(struct fan_arena *arena, void *block, size_t size,
                                         void **moved)
{
    void *fresh;
    if (!block)
        return fan_arena_alloc(arena, FAN_ARENA_ALIGNMENT, size, moved);
    enum fan_arena_verdict verdict = judge(arena, block);
    if (verdict == FAN_ARENA_FINE)
        verdict = fan_arena_alloc(arena, FAN_ARENA_ALIGNMENT, size, &fresh);
    if (verdict != FAN_ARENA_FINE)
        return verdict;
    size_t old_size = fan_arena_size(block);
    memcpy(fresh, block, old_size < size ? old_size : size);
    *moved = fresh;
    return fan_arena_free(arena, block);
}

bool fan_arena_holds(const struct fan_arena *arena, uintptr_t address)
{
    return address - (uintptr_t)arena->low < arena->used;
}

size_t fan_arena_size(const void *block)
{
    return ((const struct header *)block - 1)->size;
}
