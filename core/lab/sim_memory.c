/* No locks: one thread of the system allocates. */
#include "lab/sim_memory.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/panic.h"
#include "sim/arena.h"
#include "sim/pristine.h"
#include "sim/sanitizers.h"

/* Where the arena lies, so that addresses are the same in every process. */
#define ARENA_AT UINT64_C(0x520000000000)
enum { ARENA_LIMIT = 256 << 20 };

/* One to a process, as malloc is; exempt from what is put back. */
static struct memory {
    bool within_run;
    struct fan_arena arena;
    struct fan_pristine pristine;
} memory;

int fan_sim_memory_init(void)
{
    struct fan_pristine_range exempt = {&memory, sizeof memory};
    int error = fan_arena_init(&memory.arena, ARENA_AT, ARENA_LIMIT);
    return error ? error : fan_pristine_take(&memory.pristine, &exempt, 1);
}

void fan_sim_memory_begin(void)
{
    memory.within_run = true;
}

void fan_sim_memory_end(void)
{
    memory.within_run = false;
}

bool fan_sim_memory_within_run(void)
{
    return memory.within_run;
}

void fan_sim_memory_reset(void)
{
    fan_arena_reset(&memory.arena);
    fan_pristine_restore(&memory.pristine);
}

#if !FAN_UNDER_ASAN && !FAN_UNDER_TSAN

/* ---- malloc and its kin ---- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

static bool is_the_runs(void *block)
{
    return fan_arena_holds(&memory.arena, (uintptr_t)block);
}

static void *given(enum fan_arena_verdict verdict, void *block)
{
    if (verdict == FAN_ARENA_FINE)
        return block;
    if (verdict != FAN_ARENA_EXHAUSTED)
        fan_panic_misuse(0, "realloc of what is no block of memory, or no longer");
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t size)
{
    void *block = NULL;
    if (!memory.within_run)
        return __libc_malloc(size);
    enum fan_arena_verdict verdict =
        fan_arena_alloc(&memory.arena, FAN_ARENA_ALIGNMENT, size, &block);
    return given(verdict, block);
}

void *calloc(size_t count, size_t size)
{
    void *block = NULL;
    if (!memory.within_run)
        return __libc_calloc(count, size);
    enum fan_arena_verdict verdict = fan_arena_calloc(&memory.arena, count, size, &block);
    return given(verdict, block);
}

void *realloc(void *block, size_t size)
{
    void *moved = NULL;
    if (!memory.within_run || (block && !is_the_runs(block)))
        return __libc_realloc(block, size);
    enum fan_arena_verdict verdict = fan_arena_realloc(&memory.arena, block, size, &moved);
    return given(verdict, moved);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    void *block = NULL;
    if (!memory.within_run)
        return __libc_memalign(alignment, size);
    enum fan_arena_verdict verdict = fan_arena_alloc(&memory.arena, alignment, size, &block);
    return given(verdict, block);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    void *made = aligned_alloc(alignment, size);
    if (!made)
        return ENOMEM;
    *block = made;
    return 0;
}

/* What a run leaves is thrown away as a whole; what it frees of others' goes its own way. */
void free(void *block)
{
    if (!is_the_runs(block)) {
        __libc_free(block);
        return;
    }
    if (!memory.within_run)
        return;
    enum fan_arena_verdict verdict = fan_arena_free(&memory.arena, block);
    if (verdict == FAN_ARENA_DOUBLE_FREE)
        fan_panic_misuse(0, "free of memory that was freed before");
    if (verdict == FAN_ARENA_FOREIGN)
        fan_panic_misuse(0, "free of what is no block of memory");
    if (verdict == FAN_ARENA_OVERRUN)
        fan_panic_misuse(0, "the bytes before a block of memory were overwritten");
}

#endif

#if FAN_UNDER_ASAN

/* What the runs have left is not given back here, and the process that ran them ends with it. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return 1;
}

#endif
