#ifndef FAN_WATCH_SYMBOLS_H
#define FAN_WATCH_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/stack.h"

/* Turns the addresses of a watched program into functions, files and lines, by the debug
 * information of its executable (DWARF, through libdw). Always in the reader's process, never in
 * the watched one. */
struct fan_symbols;

struct fan_place {
    char function[64]; /* "?" if unknown */
    char file[128]; /* as the compiler was given it, "bugs/04_never_closed.c"; empty if unknown */
    int line;       /* 0 if unknown */
    bool library;   /* a place inside the library itself, not in the program that uses it */
};

/* Opens an executable's debug information. One without any opens well and names functions at most.
 * Errors: ENOENT, EINVAL (not an ELF file), ENOMEM. */
int fan_symbols_open(const char *executable, struct fan_symbols **symbols);
void fan_symbols_close(struct fan_symbols *symbols);

/* The place of an address in a process that has the executable loaded at `load_base`. For a return
 * address (all frames of a stack are) the place is that of the call. Answers are kept: the second
 * one for the same address is cheap. */
const struct fan_place *fan_symbols_find(struct fan_symbols *symbols, uint64_t load_base,
                                         uintptr_t return_address);

/* The first frame of a stack that is not inside the library: where the program itself stands.
 * Returns its index, or stack->depth if there is none. */
uint32_t fan_symbols_own_frame(struct fan_symbols *symbols, uint64_t load_base,
                               const struct fan_stack *stack);

#endif
