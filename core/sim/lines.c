/* The lines of a run stand in a row, in the order of first access, and are found through a hash
 * table of their numbers, half full at most. A share is set to zero when its thread first uses the
 * line, so clearing a line need not know how many threads there were. Memory comes from mmap, for
 * the reason that race.c gives. */
#include "sim/lines.h"

#include <sys/mman.h>

enum {
    SLOTS = 2 * FAN_LINES_MAX,
    SLOT_BITS = 14,
};
_Static_assert(SLOTS == 1 << SLOT_BITS, "a hash is a slot's number");

struct slot {
    uintptr_t address;
    uint32_t number; /* the line's index, and one; 0 = unused */
};

struct fan_lines {
    uint32_t count;
    uint64_t lost;
    struct slot slots[SLOTS];
    uint32_t used[FAN_LINES_MAX]; /* the slot of each line */
    struct fan_lines_line lines[FAN_LINES_MAX];
};

struct fan_lines *fan_lines_new(void)
{
    void *memory = mmap(NULL, sizeof(struct fan_lines), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void fan_lines_free(struct fan_lines *lines)
{
    if (lines)
        munmap(lines, sizeof *lines);
}

void fan_lines_reset(struct fan_lines *lines)
{
    for (uint32_t i = 0; i < lines->count; i++)
        lines->slots[lines->used[i]].number = 0;
    lines->count = 0;
    lines->lost = 0;
}

static struct fan_lines_line *begin_line(struct fan_lines *lines, uint32_t slot, uintptr_t address)
{
    if (lines->count == FAN_LINES_MAX) {
        lines->lost++;
        return NULL;
    }
    uint32_t index = lines->count++;
    lines->used[index] = slot;
    lines->slots[slot] = (struct slot){address, index + 1};
    struct fan_lines_line *line = &lines->lines[index];
    line->address = address;
    line->users = line->holders = 0;
    line->dirty = false;
    line->fetches = line->invalidated = line->falsely_invalidated = 0;
    return line;
}

static struct fan_lines_line *line_at(struct fan_lines *lines, uintptr_t address)
{
    uint64_t hash = address / FAN_LINES_BYTES * 0x9e3779b97f4a7c15u;
    for (uint32_t i = (uint32_t)(hash >> (64 - SLOT_BITS));; i = (i + 1) % SLOTS) {
        const struct slot *slot = &lines->slots[i];
        if (slot->number == 0)
            return begin_line(lines, i, address);
        if (slot->address == address)
            return &lines->lines[slot->number - 1];
    }
}

static struct fan_lines_share *share_of(struct fan_lines_line *line, uint32_t thread)
{
    struct fan_lines_share *share = &line->shares[thread];
    if (!(line->users >> thread & 1)) {
        line->users |= UINT64_C(1) << thread;
        *share = (struct fan_lines_share){0};
    }
    return share;
}

static void fetch(struct fan_lines_line *line, struct fan_lines_share *share, uint32_t thread)
{
    line->fetches++;
    line->holders |= UINT64_C(1) << thread;
    line->dirty = false; /* a holder that had written to it writes it back */
    share->since_fetch = 0;
}

/* Returns how many lost it falsely. */
static uint32_t invalidate(struct fan_lines_line *line, uint64_t losers, uint64_t written)
{
    uint32_t before = line->falsely_invalidated;
    line->holders &= ~losers;
    for (; losers != 0; losers &= losers - 1) {
        struct fan_lines_share *share = &line->shares[__builtin_ctzll(losers)];
        bool falsely = !(share->since_fetch & written);
        share->invalidated++;
        share->falsely_invalidated += falsely;
        line->invalidated++;
        line->falsely_invalidated += falsely;
    }
    return line->falsely_invalidated - before;
}

static uint32_t access_line(struct fan_lines_line *line, uint32_t thread, uint64_t bytes,
                            bool writes)
{
    uint64_t own = UINT64_C(1) << thread;
    struct fan_lines_share *share = share_of(line, thread);
    if (!(line->holders & own))
        fetch(line, share, thread);
    share->since_fetch |= bytes;
    if (!writes) {
        share->read |= bytes;
        return 0;
    }
    share->written |= bytes;
    line->dirty = true;
    return line->holders == own ? 0 : invalidate(line, line->holders & ~own, bytes);
}

static uint64_t bytes_between(uintptr_t first, uintptr_t end)
{
    uint64_t mask = end - first == 64 ? UINT64_MAX : (UINT64_C(1) << (end - first)) - 1;
    return mask << first;
}

uint32_t fan_lines_access(struct fan_lines *lines, uint32_t thread, uintptr_t address, size_t size,
                          bool writes)
{
    uint32_t lost = 0;
    while (size > 0) {
        uintptr_t first = address % FAN_LINES_BYTES;
        size_t here = size < FAN_LINES_BYTES - first ? size : FAN_LINES_BYTES - first;
        struct fan_lines_line *line = line_at(lines, address - first);
        if (line)
            lost += access_line(line, thread, bytes_between(first, first + here), writes);
        address += here;
        size -= here;
    }
    return lost;
}

size_t fan_lines_count(const struct fan_lines *lines)
{
    return lines->count;
}

const struct fan_lines_line *fan_lines_get(const struct fan_lines *lines, size_t index)
{
    return &lines->lines[index];
}

struct fan_lines_total fan_lines_total(const struct fan_lines *lines)
{
    struct fan_lines_total total = {0};
    for (size_t i = 0; i < fan_lines_count(lines); i++) {
        const struct fan_lines_line *line = fan_lines_get(lines, i);
        total.fetches += line->fetches;
        total.invalidated += line->invalidated;
        total.falsely_invalidated += line->falsely_invalidated;
        uint32_t most = total.worst ? total.worst->falsely_invalidated : 0;
        if (line->falsely_invalidated > most)
            total.worst = line;
    }
    return total;
}

enum fan_lines_state fan_lines_state(const struct fan_lines_line *line, uint32_t thread)
{
    uint64_t own = UINT64_C(1) << thread;
    if (!(line->holders & own))
        return FAN_LINE_INVALID;
    if (line->holders != own)
        return FAN_LINE_SHARED;
    return line->dirty ? FAN_LINE_MODIFIED : FAN_LINE_EXCLUSIVE;
}

uint64_t fan_lines_lost(const struct fan_lines *lines)
{
    return lines->lost;
}
