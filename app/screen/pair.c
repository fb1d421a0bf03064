#include "app/screen/pair.h"

#include <stdio.h>
#include <string.h>

/* What a task's work takes, more or less: short enough not to bore, long enough to be seen. */
#define PACE_NS 200000000

static const char *const names[FAN_LAB_HALVES] = {"buggy", "fixed"};

static void start_half(struct fan_pair *pair, int half, const struct fan_lab_screen *lab)
{
    struct fan_child_options options = {.scenario = lab->scenario->id,
                                        .variant = names[half],
                                        .seed = lab->values.seed,
                                        .workers = lab->values.workers,
                                        .items = lab->values.items,
                                        .pace_ns = PACE_NS};
    pair->variants[half] = names[half];
    if (fan_run_start(&options, &pair->runs[half], pair->errors[half]) == 0)
        fan_run_look(pair->runs[half]);
}

void fan_pair_start(struct fan_pair *pair, const struct fan_lab_screen *lab)
{
    fan_pair_end(pair);
    for (int half = 0; half < FAN_LAB_HALVES; half++)
        start_half(pair, half, lab);
}

bool fan_pair_look(struct fan_pair *pair)
{
    bool changed = false;
    for (int half = 0; half < FAN_LAB_HALVES; half++) {
        struct fan_run *run = pair->runs[half];
        if (!run || run->ended)
            continue;
        changed |= fan_run_look(run);
        if (run->verdict->final)
            fan_run_end(run);
    }
    return changed;
}

static const struct fan_place *find_place(void *symbols, uint64_t load_base, uintptr_t address)
{
    return fan_symbols_find(symbols, load_base, address);
}

void fan_pair_show(const struct fan_pair *pair, struct fan_lab_screen *lab)
{
    for (int half = 0; half < FAN_LAB_HALVES; half++) {
        const struct fan_run *run = pair->runs[half];
        lab->halves[half] =
            run ? (struct fan_half){.variant = pair->variants[half],
                                    .snapshot = run->snapshot,
                                    .verdict = run->verdict,
                                    .error = run->error,
                                    .live = !run->ended,
                                    .place = find_place,
                                    .places = run->symbols}
                : (struct fan_half){.variant = pair->variants[half], .error = pair->errors[half]};
    }
}

void fan_pair_end(struct fan_pair *pair)
{
    for (int half = 0; half < FAN_LAB_HALVES; half++)
        fan_run_free(pair->runs[half]);
    memset(pair, 0, sizeof *pair);
}
