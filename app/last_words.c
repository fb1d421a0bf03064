#include "app/last_words.h"

#include <stdio.h>

#include "watch/symbols.h"

enum { PLACE_FRAMES = 4 }; /* that tell places apart */

static void word(const struct fan_place *place, char where[208])
{
    if (*place->file)
        snprintf(where, 208, "%s %s:%d", place->function, place->file, place->line);
}

void fan_last_words_where(const struct fan_exploration *told,
                          const struct fan_child_options *options, char where[208])
{
    char helper[4096], why[160];
    struct fan_symbols *symbols;
    const struct fan_stack *stack = &told->words.stack;
    where[0] = '\0';
    if (!told->words.said || fan_child_helper(options, helper, sizeof helper, why) != 0 ||
        fan_symbols_open(helper, &symbols) != 0)
        return;
    uint32_t own = fan_symbols_own_frame(symbols, told->load_base, stack);
    if (own < stack->depth)
        word(fan_symbols_find(symbols, told->load_base, stack->frames[own]), where);
    fan_symbols_close(symbols);
}

uint64_t fan_last_words_place(const struct fan_exploration *told)
{
    uint64_t hash = 0;
    const struct fan_stack *stack = &told->words.stack;
    for (uint32_t i = 0; i < stack->depth && i < PLACE_FRAMES; i++)
        hash = (hash ^ (stack->frames[i] - told->load_base)) * UINT64_C(0x9e3779b97f4a7c15);
    return hash;
}
