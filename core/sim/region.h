#ifndef FAN_SIM_REGION_H
#define FAN_SIM_REGION_H

#include <stddef.h>
#include <stdint.h>

/* Address space for what must lie at the same place in every run and every process, so that a
 * schedule replays to the bit even where a program prints or sorts by addresses.
 *
 * Where each part would like to be: out of the way of the program, its heap and its libraries. A
 * sanitizer may want the place for itself; then it is another, and not the same each time. */
#define FAN_REGION_ARENA  ((uintptr_t)0x200000000000)
#define FAN_REGION_STACKS ((uintptr_t)0x210000000000)

size_t fan_region_page(void);

/* `bytes` rounded up to whole pages. */
size_t fan_region_round(size_t bytes);

/* Reserves `bytes` (whole pages) at `wanted` if nothing is there, else (and for 0) anywhere.
 * Nothing in it may be touched before fan_region_open, and nothing of it is charged but address
 * space. Returns 0 or ENOMEM. Given back by munmap(2). */
int fan_region_reserve(uintptr_t wanted, size_t bytes, char **region);

/* Makes part of a region readable and writable; it begins as zeroes. Returns 0 or ENOMEM. */
int fan_region_open(char *low, size_t bytes);

#endif
