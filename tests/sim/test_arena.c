#include "sim/arena.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "sim/region.h"
#include "tests/support/suite.h"

enum { LIMIT = 8 << 20 };

static struct fan_arena arena;

static void make_an_arena(void)
{
    ck_assert_int_eq(fan_arena_init(&arena, FAN_REGION_ARENA, LIMIT), 0);
}

static void destroy_the_arena(void)
{
    fan_arena_destroy(&arena);
}

static char *allocate(size_t size)
{
    void *block;
    ck_assert_int_eq(fan_arena_alloc(&arena, FAN_ARENA_ALIGNMENT, size, &block), FAN_ARENA_FINE);
    return block;
}

static bool is_all(const char *bytes, int value, size_t size)
{
    size_t at = 0;
    while (at < size && (unsigned char)bytes[at] == value)
        at++;
    return at == size;
}

START_TEST(blocks_are_apart_zeroed_and_aligned)
{
    char *a = allocate(1), *b = allocate(100), *c = allocate(0), *d = allocate(0);
    ck_assert(b > a);
    ck_assert(c >= b + 100);
    ck_assert_ptr_ne(c, d);
    ck_assert_uint_eq((uintptr_t)a % 16 | (uintptr_t)b % 16 | (uintptr_t)c % 16, 0);
    ck_assert(is_all(b, 0, 100));
    memset(b, 1, 100);
    ck_assert(is_all(a, 0, 1));
    ck_assert_uint_eq(fan_arena_size(b), 100);
}
END_TEST

START_TEST(any_alignment_is_met)
{
    for (size_t alignment = 1; alignment <= 1 << 16; alignment *= 2) {
        void *block;
        ck_assert_int_eq(fan_arena_alloc(&arena, alignment, 24, &block), FAN_ARENA_FINE);
        ck_assert_uint_eq((uintptr_t)block % alignment, 0);
        ck_assert_int_eq(fan_arena_free(&arena, block), FAN_ARENA_FINE);
    }
}
END_TEST

START_TEST(freed_memory_is_poisoned_and_not_used_again)
{
    char *block = allocate(50);
    memset(block, 1, 50);
    ck_assert_int_eq(fan_arena_free(&arena, block), FAN_ARENA_FINE);
    ck_assert(is_all(block, FAN_ARENA_POISON, 50));
    for (int i = 0; i < 100; i++)
        ck_assert(allocate(50) > block);
}
END_TEST

START_TEST(live_blocks_are_counted)
{
    char *a = allocate(10);
    allocate(20);
    ck_assert_uint_eq(arena.live_blocks, 2);
    ck_assert_uint_eq(arena.live_bytes, 30);
    fan_arena_free(&arena, a);
    fan_arena_free(&arena, NULL);
    ck_assert_uint_eq(arena.live_blocks, 1);
    ck_assert_uint_eq(arena.live_bytes, 20);
}
END_TEST

/* ---- realloc */

START_TEST(realloc_moves_what_was_there)
{
    void *moved;
    char *block = memcpy(allocate(8), "bananas", 8);
    ck_assert_int_eq(fan_arena_realloc(&arena, block, 4000, &moved), FAN_ARENA_FINE);
    ck_assert_ptr_ne(moved, block);
    ck_assert_str_eq(moved, "bananas");
    ck_assert(is_all((char *)moved + 8, 0, 4000 - 8));
    ck_assert(is_all(block, FAN_ARENA_POISON, 8));
    ck_assert_int_eq(fan_arena_realloc(&arena, moved, 3, &moved), FAN_ARENA_FINE);
    ck_assert_mem_eq(moved, "ban", 3);
    ck_assert_uint_eq(fan_arena_size(moved), 3);
    ck_assert_uint_eq(arena.live_blocks, 1);
}
END_TEST

START_TEST(realloc_of_nothing_allocates)
{
    void *moved;
    ck_assert_int_eq(fan_arena_realloc(&arena, NULL, 10, &moved), FAN_ARENA_FINE);
    ck_assert_int_eq(fan_arena_free(&arena, moved), FAN_ARENA_FINE);
}
END_TEST

START_TEST(realloc_without_room_keeps_the_block)
{
    void *moved = &arena;
    char *block = memcpy(allocate(8), "bananas", 8);
    ck_assert_int_eq(fan_arena_realloc(&arena, block, LIMIT, &moved), FAN_ARENA_EXHAUSTED);
    ck_assert_ptr_eq(moved, &arena);
    ck_assert_str_eq(block, "bananas");
    ck_assert_int_eq(fan_arena_free(&arena, block), FAN_ARENA_FINE);
}
END_TEST

START_TEST(realloc_of_a_freed_block_is_a_double_free)
{
    void *moved;
    char *block = allocate(8);
    size_t used = arena.used;
    fan_arena_free(&arena, block);
    ck_assert_int_eq(fan_arena_realloc(&arena, block, 9, &moved), FAN_ARENA_DOUBLE_FREE);
    ck_assert_uint_eq(arena.used, used);
}
END_TEST

/* ---- what is wrong with a free */

START_TEST(a_second_free_is_told_however_late)
{
    char *block = allocate(8);
    fan_arena_free(&arena, block);
    for (int i = 0; i < 1000; i++)
        fan_arena_free(&arena, allocate(8));
    ck_assert_int_eq(fan_arena_free(&arena, block), FAN_ARENA_DOUBLE_FREE);
    ck_assert_uint_eq(arena.live_blocks, 0);
}
END_TEST

START_TEST(foreign_pointers_are_told)
{
    static char data[64];
    char local[64], *block = allocate(4096), *heap = malloc(64);
    ck_assert_int_eq(fan_arena_free(&arena, data + 16), FAN_ARENA_FOREIGN);
    ck_assert_int_eq(fan_arena_free(&arena, local + 16), FAN_ARENA_FOREIGN);
    ck_assert_int_eq(fan_arena_free(&arena, heap), FAN_ARENA_FOREIGN);
    ck_assert_int_eq(fan_arena_free(&arena, (void *)8), FAN_ARENA_FOREIGN);
    ck_assert_int_eq(fan_arena_free(&arena, arena.low), FAN_ARENA_FOREIGN);
    ck_assert_int_eq(fan_arena_free(&arena, arena.low + LIMIT), FAN_ARENA_FOREIGN);
    ck_assert_int_eq(fan_arena_free(&arena, arena.low + arena.used + 16), FAN_ARENA_FOREIGN);
    for (size_t inside = 1; inside < 4096; inside++)
        ck_assert_int_eq(fan_arena_free(&arena, block + inside), FAN_ARENA_FOREIGN);
    ck_assert_int_eq(fan_arena_free(&arena, block), FAN_ARENA_FINE);
    free(heap);
}
END_TEST

START_TEST(a_copied_header_makes_no_block)
{
    char *block = allocate(64);
    memcpy(block + 16, block - 16, 16);
    ck_assert_int_eq(fan_arena_free(&arena, block + 32), FAN_ARENA_OVERRUN);
}
END_TEST

START_TEST(an_overrun_of_the_block_before_is_told)
{
    char *before = allocate(16), *block = allocate(16);
    before[16] = 99;
    ck_assert_int_eq(fan_arena_free(&arena, block), FAN_ARENA_OVERRUN);
    ck_assert_uint_eq(arena.live_blocks, 2);
}
END_TEST

START_TEST(a_block_of_an_earlier_run_is_foreign)
{
    char *block = allocate(16);
    fan_arena_reset(&arena);
    allocate(1000);
    ck_assert_int_eq(fan_arena_free(&arena, block + 64), FAN_ARENA_FOREIGN);
}
END_TEST

/* ---- limits */

START_TEST(the_limit_holds)
{
    void *block;
    size_t blocks = 0;
    while (fan_arena_alloc(&arena, 1, 1100, &block) == FAN_ARENA_FINE) {
        memset(block, 1, 1100);
        blocks++;
    }
    ck_assert_uint_eq(blocks, LIMIT / (1104 + 16));
    ck_assert_int_eq(fan_arena_alloc(&arena, 1, 100, &block), FAN_ARENA_FINE);
    fan_arena_reset(&arena);
    ck_assert_int_eq(fan_arena_alloc(&arena, 1, 1000, &block), FAN_ARENA_FINE);
}
END_TEST

START_TEST(sizes_that_wrap_around_are_too_large)
{
    void *block = &arena;
    size_t sizes[] = {LIMIT, LIMIT + 1, SIZE_MAX, SIZE_MAX - 15, SIZE_MAX - 31, SIZE_MAX / 2};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        ck_assert_int_eq(fan_arena_alloc(&arena, 1, sizes[i], &block), FAN_ARENA_EXHAUSTED);
    ck_assert_int_eq(fan_arena_alloc(&arena, SIZE_MAX / 2 + 1, 1, &block), FAN_ARENA_EXHAUSTED);
    ck_assert_ptr_eq(block, &arena);
    ck_assert_uint_eq(arena.used, 0);
}
END_TEST

START_TEST(an_array_whose_size_wraps_around_is_too_large)
{
    void *block;
    ck_assert_int_eq(fan_arena_calloc(&arena, SIZE_MAX / 8 + 2, 8, &block), FAN_ARENA_EXHAUSTED);
    ck_assert_int_eq(fan_arena_calloc(&arena, 10, 8, &block), FAN_ARENA_FINE);
    ck_assert_uint_eq(fan_arena_size(block), 80);
    ck_assert(is_all(block, 0, 80));
}
END_TEST

START_TEST(limits_beyond_reason_are_refused)
{
    struct fan_arena bad;
    ck_assert_int_eq(fan_arena_init(&bad, 0, 0), EINVAL);
    ck_assert_int_eq(fan_arena_init(&bad, 0, SIZE_MAX), EINVAL);
}
END_TEST

START_TEST(past_the_end_is_a_fault)
{
    signal(SIGSEGV, SIG_DFL);
    *(volatile char *)(arena.low + arena.limit) = 1;
}
END_TEST

/* ---- every run alike */

/* What one run of a made-up program sees: a hash of addresses and contents. */
static uint64_t run_a_program(uint64_t seed)
{
    struct fan_random random = {.state = seed};
    char *blocks[64] = {NULL};
    uint64_t seen = 0;
    for (int i = 0; i < 2000; i++) {
        size_t which = fan_random_below(&random, 64), size = fan_random_below(&random, 2000);
        ck_assert_int_eq(fan_arena_free(&arena, blocks[which]), FAN_ARENA_FINE);
        blocks[which] = allocate(size);
        for (size_t at = 0; at < size; at++)
            seen = seen * 31 + (unsigned char)blocks[which][at];
        seen = seen * 31 + (uintptr_t)blocks[which];
        memset(blocks[which], (int)i, size);
    }
    return seen;
}

START_TEST(every_run_sees_the_same)
{
    uint64_t first = run_a_program(1);
    for (int run = 0; run < 10; run++) {
        fan_arena_reset(&arena);
        run_a_program(2 + (uint64_t)run);
        fan_arena_reset(&arena);
        ck_assert_uint_eq(run_a_program(1), first);
    }
}
END_TEST

START_TEST(after_a_reset_all_is_zero)
{
    memset(allocate(LIMIT / 2), 1, LIMIT / 2);
    fan_arena_reset(&arena);
    ck_assert(is_all(arena.low, 0, LIMIT));
    ck_assert_uint_eq(arena.used, 0);
    ck_assert_uint_eq(arena.live_blocks, 0);
    ck_assert_uint_eq(arena.live_bytes, 0);
}
END_TEST

START_TEST(what_an_arena_holds_is_what_was_used)
{
    char *block = allocate(100);
    ck_assert(fan_arena_holds(&arena, (uintptr_t)block));
    ck_assert(fan_arena_holds(&arena, (uintptr_t)block + 99));
    ck_assert(!fan_arena_holds(&arena, (uintptr_t)arena.low + arena.used));
    ck_assert(!fan_arena_holds(&arena, (uintptr_t)arena.low - 1));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("arena");
    tcase_add_checked_fixture(cases, make_an_arena, destroy_the_arena);
    tcase_add_test(cases, blocks_are_apart_zeroed_and_aligned);
    tcase_add_test(cases, any_alignment_is_met);
    tcase_add_test(cases, freed_memory_is_poisoned_and_not_used_again);
    tcase_add_test(cases, live_blocks_are_counted);
    tcase_add_test(cases, realloc_moves_what_was_there);
    tcase_add_test(cases, realloc_of_nothing_allocates);
    tcase_add_test(cases, realloc_without_room_keeps_the_block);
    tcase_add_test(cases, realloc_of_a_freed_block_is_a_double_free);
    tcase_add_test(cases, a_second_free_is_told_however_late);
    tcase_add_test(cases, foreign_pointers_are_told);
    tcase_add_test(cases, a_copied_header_makes_no_block);
    tcase_add_test(cases, an_overrun_of_the_block_before_is_told);
    tcase_add_test(cases, a_block_of_an_earlier_run_is_foreign);
    tcase_add_test(cases, the_limit_holds);
    tcase_add_test(cases, sizes_that_wrap_around_are_too_large);
    tcase_add_test(cases, an_array_whose_size_wraps_around_is_too_large);
    tcase_add_test(cases, limits_beyond_reason_are_refused);
    tcase_add_test_raise_signal(cases, past_the_end_is_a_fault, SIGSEGV);
    tcase_add_test(cases, every_run_sees_the_same);
    tcase_add_test(cases, after_a_reset_all_is_zero);
    tcase_add_test(cases, what_an_arena_holds_is_what_was_used);
    return suite_run("arena", cases);
}
