#include "sim/shadow.h"

static struct fan_shadow_cell *take_spare(struct fan_shadow *shadow, uint32_t *index)
{
    if (shadow->spare_count == FAN_SHADOW_SPARE)
        return NULL;
    *index = FAN_SHADOW_SLOTS + shadow->spare_count++;
    return &shadow->cells[*index];
}

static uintptr_t word_of(const struct fan_shadow_cell *cell)
{
    return cell->tag >> 8;
}

static uint8_t mask_of(const struct fan_shadow_cell *cell)
{
    return (uint8_t)cell->tag;
}

static void set_bytes(struct fan_shadow_cell *cell, uintptr_t word, uint8_t mask)
{
    cell->tag = fan_shadow_tag((struct fan_shadow_bytes){word, mask});
}

/* The word's first cell, or the unused one where it belongs. The table is never full, so there is
 * an end. */
static struct fan_shadow_cell *look_up(struct fan_shadow *shadow, uintptr_t word)
{
    size_t slot = fan_shadow_slot(word);
    while (shadow->cells[slot].tag != 0 && word_of(&shadow->cells[slot]) != word)
        slot = (slot + 1) % FAN_SHADOW_SLOTS;
    return &shadow->cells[slot];
}

static struct fan_shadow_cell *begin_word(struct fan_shadow *shadow, struct fan_shadow_cell *cell,
                                          struct fan_shadow_bytes bytes)
{
    if (shadow->word_count == FAN_SHADOW_WORDS)
        return NULL;
    shadow->used[shadow->word_count++] = (uint32_t)(cell - shadow->cells);
    *cell = (struct fan_shadow_cell){.tag = fan_shadow_tag(bytes)};
    return cell;
}

static struct fan_shadow_cell *begin_part(struct fan_shadow *shadow, struct fan_shadow_cell *first,
                                          struct fan_shadow_bytes bytes)
{
    uint32_t index;
    struct fan_shadow_cell *cell = take_spare(shadow, &index);
    if (!cell)
        return NULL;
    *cell = (struct fan_shadow_cell){.tag = fan_shadow_tag(bytes), .next_part = first->next_part};
    first->next_part = index;
    return cell;
}

static bool copy_history(struct fan_shadow *shadow, struct fan_shadow_cell *to,
                         const struct fan_shadow_cell *from)
{
    for (; from; from = fan_shadow_more(shadow, from))
        for (int i = 0; i < FAN_SHADOW_RECENT; i++)
            if (from->entries[i].epoch && !fan_shadow_add(shadow, to, &from->entries[i]))
                return false;
    return true;
}

/* Leaves `keep` of its bytes to the cell and moves the others, with the same history, to a cell of
 * their own. */
static bool split(struct fan_shadow *shadow, struct fan_shadow_cell *first,
                  struct fan_shadow_cell *cell, uint8_t keep)
{
    struct fan_shadow_bytes others = {word_of(cell), mask_of(cell) & (uint8_t)~keep};
    struct fan_shadow_cell *part = begin_part(shadow, first, others);
    if (!part)
        return false;
    set_bytes(cell, word_of(cell), keep);
    return copy_history(shadow, part, cell);
}

static struct fan_shadow_cell *next_part(struct fan_shadow *shadow,
                                         const struct fan_shadow_cell *cell)
{
    return cell->next_part ? &shadow->cells[cell->next_part] : NULL;
}

static struct fan_shadow_cell *find_part(struct fan_shadow *shadow, struct fan_shadow_cell *first,
                                         uint8_t mask)
{
    for (struct fan_shadow_cell *cell = first; cell; cell = next_part(shadow, cell))
        if (mask_of(cell) & mask)
            return cell;
    return NULL;
}

struct fan_shadow_cell *fan_shadow_part(struct fan_shadow *shadow, struct fan_shadow_bytes *bytes)
{
    struct fan_shadow_bytes wanted = *bytes;
    struct fan_shadow_cell *first = look_up(shadow, wanted.word);
    bytes->mask = 0;
    if (first->tag == 0)
        return begin_word(shadow, first, wanted);
    struct fan_shadow_cell *cell = find_part(shadow, first, wanted.mask);
    if (!cell)
        return begin_part(shadow, first, wanted);
    uint8_t common = mask_of(cell) & wanted.mask;
    bytes->mask = wanted.mask & (uint8_t)~common;
    if (common == mask_of(cell) || split(shadow, first, cell, common))
        return cell;
    return NULL;
}

bool fan_shadow_add(struct fan_shadow *shadow, struct fan_shadow_cell *cell,
                    const struct fan_shadow_entry *entry)
{
    for (;;) {
        for (int i = 0; i < FAN_SHADOW_RECENT; i++)
            if (cell->entries[i].epoch == 0) {
                cell->entries[i] = *entry;
                return true;
            }
        if (!cell->more)
            break;
        cell = &shadow->cells[cell->more];
    }
    struct fan_shadow_cell *block = take_spare(shadow, &cell->more);
    if (!block)
        return false;
    *block = (struct fan_shadow_cell){.entries = {*entry}};
    return true;
}

void fan_shadow_clear(struct fan_shadow *shadow)
{
    for (uint32_t i = 0; i < shadow->word_count; i++) {
        struct fan_shadow_cell *cell = &shadow->cells[shadow->used[i]];
        cell->tag = cell->next_part = 0;
    }
    shadow->word_count = shadow->spare_count = 0;
}

static void clear_history(struct fan_shadow *shadow, struct fan_shadow_cell *cell)
{
    for (; cell; cell = fan_shadow_more(shadow, cell))
        for (int i = 0; i < FAN_SHADOW_RECENT; i++)
            cell->entries[i].epoch = 0;
}

static void forget_bytes(struct fan_shadow *shadow, struct fan_shadow_bytes bytes)
{
    struct fan_shadow_cell *first = look_up(shadow, bytes.word);
    if (first->tag == 0)
        return;
    for (struct fan_shadow_cell *cell = first; cell; cell = next_part(shadow, cell)) {
        uint8_t common = mask_of(cell) & bytes.mask;
        if (common != 0 && common != mask_of(cell))
            split(shadow, first, cell, common);
        if (common != 0)
            clear_history(shadow, cell);
    }
}

/* A freed block may be much larger than what was accessed of it. */
void fan_shadow_forget(struct fan_shadow *shadow, uintptr_t address, size_t size)
{
    struct fan_shadow_range range = fan_shadow_range(address, size);
    if (range.end - range.begin <= shadow->word_count) {
        for (uintptr_t word = range.begin; word < range.end; word++)
            forget_bytes(shadow, fan_shadow_bytes(range, word));
        return;
    }
    for (uint32_t i = 0; i < shadow->word_count; i++) {
        uintptr_t word = word_of(&shadow->cells[shadow->used[i]]);
        if (word >= range.begin && word < range.end)
            forget_bytes(shadow, fan_shadow_bytes(range, word));
    }
}
