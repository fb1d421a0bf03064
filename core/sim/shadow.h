#ifndef FAN_SIM_SHADOW_H
#define FAN_SIM_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Shadow memory: what is remembered of each accessed byte of the program.
 *
 * It is kept by words of eight bytes, in a hash table by address. Bytes of a word that were always
 * accessed together share one cell, as nearly all do; where an access takes only some of a cell's
 * bytes, the cell is split. So histories are exact to the byte, and an aligned access costs one
 * look. (Cells of single bytes cost eight looks for it: "race-bytes" beside "race-same-epoch" in
 * tests/bench/bench_race.c.)
 *
 * There is room for FAN_SHADOW_WORDS words in a run, and for FAN_SHADOW_SPARE cells besides, for
 * words in parts and for histories of more than three accesses. What finds no room is not
 * remembered; the caller is told. Zeros are an empty shadow memory, so it can be five fresh
 * megabytes of which only what is used is ever touched; clearing takes time by what was used.
 * Nothing here blocks or allocates. */
enum {
    FAN_SHADOW_SLOTS = 1 << 16,
    FAN_SHADOW_WORDS = FAN_SHADOW_SLOTS / 4 * 3,
    FAN_SHADOW_SPARE = 1 << 14,
    FAN_SHADOW_RECENT = 3,
};

/* One access, as remembered. An epoch of FAN_EPOCH_NONE is an empty entry. */
struct fan_shadow_entry {
    uint32_t epoch;
    uint32_t place;     /* sim/places.h */
    int32_t first;      /* its first byte, counted from the word's */
    uint32_t size : 29; /* of the whole access */
    uint32_t kind : 3;  /* enum fan_race_kind */
};

/* Some bytes of a word with their history. Cells beyond the first of a word, and beyond the first
 * three entries of a history, are found by index; 0 is none. */
struct fan_shadow_cell {
    _Alignas(64) uint64_t tag; /* the word's number, then a bit for each byte; 0 = unused */
    uint32_t next_part;
    uint32_t more;
    struct fan_shadow_entry entries[FAN_SHADOW_RECENT];
};

struct fan_shadow {
    uint32_t word_count;
    uint32_t spare_count;
    uint32_t used[FAN_SHADOW_WORDS]; /* the slots of the words, in the order of first access */
    struct fan_shadow_cell cells[FAN_SHADOW_SLOTS + FAN_SHADOW_SPARE];
};

/* Some bytes of one word. */
struct fan_shadow_bytes {
    uintptr_t word; /* address / 8 */
    uint8_t mask;   /* bit n for byte n */
};

/* The bytes from `low` to before `high`, and the words from `begin` to before `end` around them. */
struct fan_shadow_range {
    uintptr_t low, high;
    uintptr_t begin, end;
};

/* Forgets everything. */
void fan_shadow_clear(struct fan_shadow *shadow);

static inline uint64_t fan_shadow_tag(struct fan_shadow_bytes bytes)
{
    return (uint64_t)bytes.word << 8 | bytes.mask;
}

static inline size_t fan_shadow_slot(uintptr_t word)
{
    return (size_t)(word * 0x9e3779b97f4a7c15u >> 48);
}

/* The words that the `size` bytes from `address` lie in; none if there are no bytes. */
static inline struct fan_shadow_range fan_shadow_range(uintptr_t address, size_t size)
{
    if (size > UINTPTR_MAX - address)
        size = UINTPTR_MAX - address;
    uintptr_t begin = address / 8, end = size == 0 ? begin : (address + size - 1) / 8 + 1;
    return (struct fan_shadow_range){address, address + size, begin, end};
}

/* Those of a range's bytes that lie in one of its words. */
static inline struct fan_shadow_bytes fan_shadow_bytes(struct fan_shadow_range range,
                                                       uintptr_t word)
{
    uint32_t mask = 0xff;
    if (word * 8 < range.low)
        mask &= mask << (range.low - word * 8);
    if (range.high - word * 8 < 8)
        mask &= (1u << (range.high - word * 8)) - 1;
    return (struct fan_shadow_bytes){word, (uint8_t)mask};
}

/* The cell for exactly these bytes, if it is where the search for their word begins; NULL says
 * nothing. */
static inline struct fan_shadow_cell *fan_shadow_find(struct fan_shadow *shadow,
                                                      struct fan_shadow_bytes bytes)
{
    struct fan_shadow_cell *cell = &shadow->cells[fan_shadow_slot(bytes.word)];
    uint64_t tag = fan_shadow_tag(bytes);
    while (cell->tag != tag && cell->next_part != 0)
        cell = &shadow->cells[cell->next_part];
    return cell->tag == tag ? cell : NULL;
}

/* The next cell that covers some of `bytes` and no others, made or split off if need be; its bytes
 * are taken out of `bytes`, so that a loop until none are left visits all. NULL if there is no room
 * for one. */
struct fan_shadow_cell *fan_shadow_part(struct fan_shadow *shadow, struct fan_shadow_bytes *bytes);

/* Goes to the next block of a cell's history; NULL at its end. */
static inline struct fan_shadow_cell *fan_shadow_more(struct fan_shadow *shadow,
                                                      const struct fan_shadow_cell *cell)
{
    return cell->more ? &shadow->cells[cell->more] : NULL;
}

/* Adds an entry to a cell's history. False if there is no room. */
bool fan_shadow_add(struct fan_shadow *shadow, struct fan_shadow_cell *cell,
                    const struct fan_shadow_entry *entry);

/* Forgets the accesses to `size` bytes from `address`; to the rest of a word too, if it would have
 * to be split and there is no room. */
void fan_shadow_forget(struct fan_shadow *shadow, uintptr_t address, size_t size);

#endif
