#ifndef FAN_BASE_BITS_H
#define FAN_BASE_BITS_H

#include <stdint.h>

/* Sets of small numbers, as the bits of a word: a set of threads under the controlled scheduler.
 * What is in such a set is as good as random, so these do without branches that depend on it. */

/* How many. (The compiler's builtin is a call to a table walk where the processor may lack the
 * instruction.) */
static inline uint32_t fan_bits_count(uint64_t set)
{
    set -= set >> 1 & UINT64_C(0x5555555555555555);
    set = (set & UINT64_C(0x3333333333333333)) + (set >> 2 & UINT64_C(0x3333333333333333));
    set = (set + (set >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)(set * UINT64_C(0x0101010101010101) >> 56);
}

/* The number in the set that has `below` others below it; there is one. */
static inline uint32_t fan_bits_nth(uint64_t set, uint32_t below)
{
    for (uint32_t i = 0; i < below; i += 4) {
        set &= set - (i < below);
        set &= set - (i + 1 < below);
        set &= set - (i + 2 < below);
        set &= set - (i + 3 < below);
    }
    return (uint32_t)__builtin_ctzll(set);
}

#endif
