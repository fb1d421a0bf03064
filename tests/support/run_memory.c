#include "tests/support/run_memory.h"

#include <stdbool.h>
#include <stdlib.h>

#include "sim/arena.h"
#include "sim/region.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *block);

enum { ARENA_BYTES = 16 << 20 };

static struct {
    struct fan_arena arena;
    bool within_run;
    uint64_t asked, refused; /* allocations of this run; the one that is refused, 0 = none */
} the;

static void *take(size_t alignment, size_t size)
{
    void *block = NULL;
    if (++the.asked == the.refused)
        return NULL;
    fan_arena_alloc(&the.arena, alignment, size, &block);
    return block;
}

void *__wrap_malloc(size_t size)
{
    return the.within_run ? take(FAN_ARENA_ALIGNMENT, size) : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return the.within_run ? take(FAN_ARENA_ALIGNMENT, count * size) : __real_calloc(count, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return the.within_run ? take(alignment, size) : __real_aligned_alloc(alignment, size);
}

void __wrap_free(void *block)
{
    if (!the.within_run)
        __real_free(block);
    else if (fan_arena_free(&the.arena, block) != FAN_ARENA_FINE)
        abort();
}

void run_memory_init(void)
{
    if (fan_arena_init(&the.arena, FAN_REGION_ARENA, ARENA_BYTES) != 0)
        abort();
}

void run_memory_destroy(void)
{
    fan_arena_destroy(&the.arena);
}

void run_memory_begin(void)
{
    fan_arena_reset(&the.arena);
    the.asked = 0;
    the.within_run = true;
}

void run_memory_end(void)
{
    the.within_run = false;
}

size_t run_memory_live(void)
{
    return the.arena.live_blocks;
}

uint64_t run_memory_asked(void)
{
    return the.asked;
}

void run_memory_refuse(uint64_t which)
{
    the.refused = which;
}

struct fan_pristine_range run_memory_own(void)
{
    return (struct fan_pristine_range){&the, sizeof the};
}
