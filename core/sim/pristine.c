/* No locks: no other thread may run meanwhile.
 *
 * Comparing before copying costs no more than copying (both 0.3 us for 16 kB, 35 us for a megabyte)
 * and leaves pages that were never written to unwritten. */
#define _GNU_SOURCE
#include "sim/pristine.h"

#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/region.h"
#include "sim/sanitizers.h"

enum { BLOCK = 4096 };

/* ---- which memory it is ------------------------------------------------------------------------
 */

static bool add_piece(struct fan_pristine *pristine, uintptr_t low, uintptr_t high)
{
    if (low >= high)
        return true;
    if (pristine->piece_count == FAN_PRISTINE_PIECES)
        return false;
    pristine->pieces[pristine->piece_count++] =
        (struct fan_pristine_range){(void *)low, high - low};
    return true;
}

/* Leaves out what lies in a range: of every piece remains what is below it and what is above. */
static bool cut_out(struct fan_pristine *pristine, uintptr_t low, uintptr_t high)
{
    struct fan_pristine whole = *pristine;
    bool fits = true;
    pristine->piece_count = 0;
    for (size_t i = 0; i < whole.piece_count; i++) {
        uintptr_t begin = (uintptr_t)whole.pieces[i].low, end = begin + whole.pieces[i].bytes;
        fits &= add_piece(pristine, begin, low < end ? low : end);
        fits &= add_piece(pristine, high > begin ? high : begin, end);
    }
    return fits;
}

static bool add_writable(struct fan_pristine *pristine, const struct dl_phdr_info *program)
{
    bool fits = true;
    for (size_t i = 0; i < program->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &program->dlpi_phdr[i];
        uintptr_t low = program->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_LOAD && part->p_flags & PF_W)
            fits &= add_piece(pristine, low, low + part->p_memsz);
    }
    return fits;
}

/* What the loader made read-only once it had relocated it: whole pages. */
static bool cut_out_read_only(struct fan_pristine *pristine, const struct dl_phdr_info *program)
{
    bool fits = true;
    for (size_t i = 0; i < program->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &program->dlpi_phdr[i];
        uintptr_t low = program->dlpi_addr + part->p_vaddr;
        uintptr_t high = (low + part->p_memsz) & -(uintptr_t)fan_region_page();
        if (part->p_type == PT_GNU_RELRO && low < high)
            fits &= cut_out(pristine, low, high);
    }
    return fits;
}

/* The executable is the first that is told of, and the only one looked at. */
static int find_the_program(struct dl_phdr_info *program, size_t size, void *argument)
{
    struct fan_pristine *pristine = argument;
    (void)size;
    if (!add_writable(pristine, program) || !cut_out_read_only(pristine, program))
        return EINVAL;
    return -1;
}

static int find_pieces(struct fan_pristine *pristine, const struct fan_pristine_range *exempt,
                       size_t exempt_count)
{
    if (dl_iterate_phdr(find_the_program, pristine) != -1)
        return EINVAL;
    for (size_t i = 0; i < exempt_count; i++) {
        uintptr_t low = (uintptr_t)exempt[i].low;
        if (exempt[i].bytes && !cut_out(pristine, low, low + exempt[i].bytes))
            return EINVAL;
    }
    return 0;
}

/* ---- there and back ----------------------------------------------------------------------------
 */

#if FAN_UNDER_ASAN || FAN_UNDER_TSAN
/* The space between variables is copied too, which a sanitizer's memcpy would take for an error. A
 * sanitizer makes the data some 400 kB, of which a run changes little: so it is compared first, a
 * word at a time, wherever a piece begins. */
#define UNWATCHED __attribute__((no_sanitize("address", "thread", "undefined")))

struct word {
    uint64_t value;
} __attribute__((packed, may_alias));

UNWATCHED static bool words_differ(const struct word *one, const struct word *other, size_t count)
{
    uint64_t difference = 0;
#pragma GCC unroll 16
    for (size_t i = 0; i < count; i++)
        difference |= one[i].value ^ other[i].value;
    return difference != 0;
}

UNWATCHED static void copy_words(struct word *to, const struct word *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ((volatile struct word *)to)[i].value = from[i].value;
}

UNWATCHED static void copy(char *to, const char *from, size_t bytes)
{
    size_t words = bytes / sizeof(struct word);
    if (words_differ((struct word *)to, (const struct word *)from, words))
        copy_words((struct word *)to, (const struct word *)from, words);
    for (size_t at = words * sizeof(struct word); at < bytes; at++)
        ((volatile char *)to)[at] = ((const volatile char *)from)[at];
}
#else
static void copy(char *to, const char *from, size_t bytes)
{
    if (memcmp(to, from, bytes) != 0)
        memcpy(to, from, bytes);
}
#endif

static void copy_in_blocks(char *to, const char *from, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += BLOCK)
        copy(to + at, from + at, bytes - at < BLOCK ? bytes - at : BLOCK);
}

static int make_room(struct fan_pristine *pristine)
{
    for (size_t i = 0; i < pristine->piece_count; i++)
        pristine->bytes += pristine->pieces[i].bytes;
    size_t room = fan_region_round(pristine->bytes ? pristine->bytes : 1);
    int error = fan_region_reserve(0, room, &pristine->copy);
    return error ? error : fan_region_open(pristine->copy, room);
}

/* Everything is ready before the first byte is copied, since `pristine` itself may be among what is
 * kept. */
int fan_pristine_take(struct fan_pristine *pristine, const struct fan_pristine_range *exempt,
                      size_t exempt_count)
{
#if defined(__clang__) && (FAN_UNDER_ASAN || FAN_UNDER_TSAN)
    (void)pristine, (void)exempt, (void)exempt_count;
    return ENOTSUP;
#endif
    *pristine = (struct fan_pristine){.piece_count = 0};
    int error = find_pieces(pristine, exempt, exempt_count);
    if (!error)
        error = make_room(pristine);
    if (error) {
        fan_pristine_drop(pristine);
        return error;
    }
    char *to = pristine->copy;
    for (size_t i = 0; i < pristine->piece_count; to += pristine->pieces[i++].bytes)
        copy_in_blocks(to, pristine->pieces[i].low, pristine->pieces[i].bytes);
    return 0;
}

void fan_pristine_restore(const struct fan_pristine *pristine)
{
    const char *from = pristine->copy;
    for (size_t i = 0; i < pristine->piece_count; from += pristine->pieces[i++].bytes)
        copy_in_blocks(pristine->pieces[i].low, from, pristine->pieces[i].bytes);
}

void fan_pristine_drop(struct fan_pristine *pristine)
{
    if (pristine->copy)
        munmap(pristine->copy, fan_region_round(pristine->bytes ? pristine->bytes : 1));
    *pristine = (struct fan_pristine){.piece_count = 0};
}
